"""The working twin of a message service: a mailbox of files on this machine.

One file per phone, one JSON line per message, readable by their owner alone. Whoever may read the folder
holds every phone of the network, which is right for a demo and for trying things out, and for nothing else.
"""

import asyncio
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from doorstep.connectors.messages.protocol import MessageRefused, MessageUnavailable

_E164 = re.compile(r"\+[1-9][0-9]{3,14}", re.ASCII)
_LONGEST = 1600  # characters; what telephone networks join from ten parts
_KEPT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the phone shows it."""

    sent_wall_s: float  # real seconds since 1970
    text: str


class MessageTwin:
    """Delivers into ``folder`` (made with mode 0700)."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written before the first message."""
        self._folder = folder

    async def send(self, to: str, text: str) -> None:
        """Put ``text`` into the mailbox of ``to`` (E.164). Raises MessageRefused, MessageUnavailable."""
        if not _E164.fullmatch(to):
            raise MessageRefused(f"{to!r} is no phone number in E.164")
        if not 0 < len(text) <= _LONGEST:
            raise MessageRefused(f"a text has 1 to {_LONGEST} characters, not {len(text)}")
        line = json.dumps({"sent_wall_s": time.time(), "text": text}) + "\n"
        try:
            await asyncio.to_thread(self._append, self._mailbox(to), line.encode())
        except OSError as error:
            raise MessageUnavailable(f"the mailbox of {to} cannot be written: {error}") from error

    def received(self, phone: str) -> list[Message]:
        """What ``phone`` (E.164) was sent, oldest first; a long history loses its beginning."""
        try:
            lines = self._mailbox(phone).read_text().splitlines()
        except FileNotFoundError:
            return []
        return [Message(**json.loads(line)) for line in lines]

    def _mailbox(self, phone: str) -> Path:
        if not _E164.fullmatch(phone):
            raise MessageRefused(f"{phone!r} is no phone number in E.164")
        return self._folder / f"{phone[1:]}.jsonl"

    def _append(self, mailbox: Path, line: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if mailbox.exists() and mailbox.stat().st_size > _KEPT_BYTES:
            mailbox.unlink(missing_ok=True)
        # One write to a file opened for appending arrives whole, also beside another process's.
        descriptor = os.open(mailbox, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
