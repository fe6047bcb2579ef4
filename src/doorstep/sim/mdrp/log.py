"""What happened on a played day: every courier's stops, in time. Seconds from the start of the day."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """A courier was somewhere and took or gave orders."""

    courier: str
    place: str  # a restaurant's or an order's id
    left_s: float  # when she left the place before
    at_s: float  # the instant of pickup or drop, in the middle of the service
    orders: tuple[str, ...]  # at a restaurant in drop sequence, at a door the one handed over
    assigned_s: float = -1  # at a restaurant: when it was settled what she takes

    @property
    def is_pickup(self) -> bool:
        """Whether this is a restaurant."""
        return self.assigned_s >= 0
