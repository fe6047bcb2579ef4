"""What the product asks of a message service."""

from typing import Protocol


class Messages(Protocol):
    """Sends short texts to phones."""

    async def send(self, to: str, text: str) -> None:
        """Hand ``text`` over for the phone ``to`` (E.164). Raises MessageRefused or MessageUnavailable."""
        ...


class MessageRefused(Exception):
    """The service will never deliver this: no such number, or it opted out."""


class MessageUnavailable(Exception):
    """The service does not answer; trying again later is right."""
