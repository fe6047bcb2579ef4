"""What two decisions about one world differ in: who is sent with what, who is picked up, where the others stand.

Told is what somebody would do or say otherwise; where only figures moved, as a price does to every cost, it is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from doorstep.engine.decisions import Decisions, Drop, Outlook, Pickup, Send

type Act = Send | Pickup | Drop


@dataclass(frozen=True, slots=True)
class Acted:
    """Orders about which something else is done now: who was to act on them, and who is."""

    orders: tuple[str, ...]
    before: Act | None
    after: Act | None


@dataclass(frozen=True, slots=True)
class Stood:
    """An order that stands elsewhere; None: it does not wait, for something is done about it now."""

    order: str
    before: Outlook | None
    after: Outlook | None


@dataclass(frozen=True, slots=True)
class Differences:
    """Of two decisions, in what each kind of act and the waiting differ; orders and drivers by id."""

    sends: tuple[Acted, ...]
    pickups: tuple[Acted, ...]
    drops: tuple[Acted, ...]
    outlooks: tuple[Stood, ...]
    figures: int  # acts and waiting orders of which nothing but figures differs
    same: bool  # to the last bit

    @property
    def acts(self) -> int:
        """How much is done or said otherwise."""
        return len(self.sends) + len(self.pickups) + len(self.drops) + len(self.outlooks)


def differences(before: Decisions, after: Decisions) -> Differences:
    """What ``after`` does and says otherwise than ``before``."""
    sends, of_sends = _acted(_by_order(before.sends), _by_order(after.sends))
    pickups, of_pickups = _acted(_by_order(before.pickups), _by_order(after.pickups))
    drops, of_drops = _acted(_by_order(before.drops), _by_order(after.drops))
    outlooks, of_outlooks = _stood(before, after)
    figures = of_sends + of_pickups + of_drops + of_outlooks
    return Differences(sends, pickups, drops, outlooks, figures, before == after)


def orders_of(act: Act) -> tuple[str, ...]:
    """What an act is about, in drop sequence."""
    return (act.order,) if isinstance(act, Drop) else act.orders


def _by_order(acts: tuple[Act, ...]) -> dict[str, Act]:
    return {order: act for act in acts for order in orders_of(act)}


def _acted(before: Mapping[str, Act], after: Mapping[str, Act]) -> tuple[tuple[Acted, ...], int]:
    """Orders in groups that have been together and stay so; and how many acts differ in figures only."""
    groups: dict[tuple[str, str], list[str]] = {}
    pairs: dict[tuple[str, str], tuple[Act | None, Act | None]] = {}
    for order in (*before, *(one for one in after if one not in before)):
        one, other = before.get(order), after.get(order)
        drivers = one.driver if one else "", other.driver if other else ""
        groups.setdefault(drivers, []).append(order)
        pairs[drivers] = one, other
    found, figures = [], 0
    for drivers, (one, other) in pairs.items():
        if one is None or other is None or _done(one) != _done(other):
            found.append(Acted(tuple(groups[drivers]), one, other))
        elif one != other:
            figures += 1
    return tuple(sorted(found, key=lambda acted: acted.orders)), figures


def _done(act: Act) -> tuple[object, ...]:
    """What the act is to those who do it; the rest are figures, and so is a reason, which tells some."""
    match act:
        case Send():
            return act.driver, act.orders, act.leave_s, act.pickup_s, act.visits
        case Pickup():
            return act.driver, act.orders, act.joined, act.pickup_s
        case Drop():
            return act.driver, act.order, act.leave_s


def _stood(before: Decisions, after: Decisions) -> tuple[tuple[Stood, ...], int]:
    """Orders that stand elsewhere, by id; and of how many only figures differ."""
    one, other = ({outlook.order: outlook for outlook in told.outlooks} for told in (before, after))
    found, figures = [], 0
    for order in sorted(one.keys() | other.keys()):
        was, is_ = one.get(order), other.get(order)
        if was is None or is_ is None or _said(was) != _said(is_):
            found.append(Stood(order, was, is_))
        elif was != is_:
            figures += 1
    return tuple(found), figures


def _said(outlook: Outlook) -> tuple[object, ...]:
    return outlook.driver, outlook.elsewhere, outlook.sentence
