"""Who is inside, and how fast time shall run. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from doorstep.features.deliveries.rules import Delivery, DeliveryState
from doorstep.features.identity.rules import DemoRole
from doorstep.units.time import WallInstant

LIFE = timedelta(seconds=90)
"""So long after the last sign of life somebody still counts as inside."""
KEPT = timedelta(days=1)
"""So long a visit that is over can be taken up again, and is remembered."""
PATIENCE = timedelta(seconds=2)
"""So long a wish takes to be turned to, when nothing holds it."""
INSIDE_SPEED = 1.0
SPEEDS = (1.0, 5.0, 30.0, 60.0)
"""What a page offers to choose from; any speed up to the fastest may be asked for."""
FASTEST = 120.0
"""Beyond it the people of the demo would miss their own appointments."""
PAGES = {
    DemoRole.DISPATCHER: "/console",
    DemoRole.DRIVER: "/driver",
    DemoRole.SHOP: "/shop",
    DemoRole.SHOPPER: "/track/",
}
"""Where each role's door leads; the shopper's goes on with the token of her link."""


class Why(StrEnum):
    """Why time runs, or is about to run, as fast as it does."""

    USUAL = "usual"  # nobody is inside
    SOMEBODY_INSIDE = "somebody_inside"  # somebody came in: the speed of life
    CHOSEN = "chosen"  # somebody inside chose it
    OFFER_OPEN = "offer_open"  # it was to rise, but a person reads an offer; it waits for her


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One browser inside the demo."""

    id: UUID
    roles: tuple[DemoRole, ...]
    entered_wall: WallInstant
    seen_wall: WallInstant
    left_wall: WallInstant | None
    wish_speed: float | None
    wish_wall: WallInstant
    driven: bool

    def inside_at(self, wall: WallInstant) -> bool:
        """Whether its person counts as inside."""
        return self.left_wall is None and wall - self.seen_wall <= LIFE


@dataclass(frozen=True, slots=True)
class Wish:
    """How fast time shall run, and why."""

    speed: float
    why: Why


def wished(inside: Sequence[Visit], usual_speed: float) -> Wish:
    """The newest wish of those inside; with nobody inside, the usual speed."""
    if not inside:
        return Wish(usual_speed, Why.USUAL)
    newest = max(inside, key=lambda visit: (visit.wish_wall, visit.id))
    if newest.wish_speed is None:
        return Wish(INSIDE_SPEED, Why.SOMEBODY_INSIDE)
    return Wish(newest.wish_speed, Why.CHOSEN)


def waits_for_reader(wish: Wish, inside: Sequence[Visit], speed: float, wall: WallInstant) -> bool:
    """Whether time still runs at ``speed`` although more was wished for, and longer ago than turning takes."""
    lately = any(wall - visit.wish_wall < PATIENCE for visit in inside)
    return wish.speed > speed and not lately


_S = DeliveryState
WORTH_WATCHING = (
    _S.AT_PICKUP,
    _S.ENROUTE_TO_PICKUP,
    _S.ENROUTE_TO_DROPOFF,
    _S.ASSIGNED,
    _S.PICKED_UP,
    _S.REQUESTED,
    _S.BATCHED,
)
"""States of a delivery that a visitor may look over, best first: about to be picked up, then what comes next."""


def worth_watching(found: Sequence[Delivery], driver_id: UUID | None = None) -> Delivery | None:
    """Which of ``found`` shows most to a shopper who begins to look now; None when none is alive.

    Those in the hands of ``driver_id`` (the visitor herself) come first, then by state; own drivers before outside
    couriers, whose cars nobody sees; then the one that began last, which has most before it.
    """

    def rank(delivery: Delivery) -> tuple[bool, int, bool, float]:
        carrier = delivery.carrier
        return (
            driver_id is None or carrier is None or carrier.driver_id != driver_id,
            WORTH_WATCHING.index(delivery.state),
            carrier is None or carrier.driver_id is None,
            -(delivery.assigned_at or delivery.created_at).timestamp(),
        )

    return min((one for one in found if one.state in WORTH_WATCHING), key=rank, default=None)
