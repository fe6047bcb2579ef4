"""What merchants, shoppers and staff may still change, and until when."""

from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.features.deliveries.rules.lifecycle import CARRIED, FINAL, WAITING, DeliveryState
from doorstep.features.deliveries.rules.requirements import ReturnPolicy
from doorstep.units.money import Money


class Party(StrEnum):
    """Who ends or changes a delivery."""

    MERCHANT = "merchant"  # whose goods they are
    SHOPPER = "shopper"  # to whom they go
    DRIVER = "driver"  # one of ours who carries them
    PROVIDER = "provider"  # the courier company that carries them
    STAFF = "staff"  # people of the network, by hand and with a reason
    NETWORK = "network"  # a rule of ours, such as expiry


class CancelReason(StrEnum):
    """Why a delivery is ended before its door."""

    CHANGED_MIND = "changed_mind"  # the shopper does not want it any more
    ORDERED_BY_MISTAKE = "ordered_by_mistake"  # double, or never meant
    OUT_OF_STOCK = "out_of_stock"  # the store cannot supply it
    STORE_CLOSED = "store_closed"  # nobody hands the goods out
    WRONG_ADDRESS = "wrong_address"  # it would go to the wrong door
    TOO_LATE = "too_late"  # the promise cannot be kept any more
    FRAUD_SUSPECTED = "fraud_suspected"  # the order looks false
    NO_CARRIER = "no_carrier"  # nobody can take it
    GOODS_LOST = "goods_lost"  # they are gone: only once they were with a carrier
    GOODS_DAMAGED = "goods_damaged"  # not fit to hand over nor to bring back
    DISCARDED = "discarded"  # disposed of by policy, after a failed attempt
    OTHER = "other"  # see the note


AFTER_PICKUP = frozenset({CancelReason.GOODS_LOST, CancelReason.GOODS_DAMAGED, CancelReason.DISCARDED})
"""The only reasons once the goods are with a carrier; before that they make no sense."""
_OURS = frozenset({Party.STAFF, Party.NETWORK})
_CARRIERS = frozenset({Party.DRIVER, Party.PROVIDER})


def cancel_refusal(state: DeliveryState, by: Party, reason: CancelReason, policy: ReturnPolicy) -> str | None:
    """Why ``by`` cannot end a delivery in ``state``; None when it can.

    Free of charge before a carrier has it, by merchant, shopper, staff or a rule of ours; a carrier never
    cancels, it gives back. Once the goods are out, staff can close what is lost or damaged, and a carrier
    what its policy lets it discard after a failed attempt.
    """
    if state in FINAL:
        return f"the delivery is {state}"
    if state in WAITING | CARRIED:
        if by in _CARRIERS:
            return "a carrier gives a delivery back; it does not end it"
        return f"{reason} is for goods that are with a carrier" if reason in AFTER_PICKUP else None
    if reason is CancelReason.DISCARDED:
        if policy is not ReturnPolicy.DISCARD or state is not DeliveryState.ATTEMPT_FAILED:
            return "only goods that may be discarded, and only after a failed attempt"
        return None if by in _OURS | _CARRIERS else "the goods are with a carrier"
    if by in _OURS:
        return None if reason in AFTER_PICKUP else "the goods are with a carrier: return them"
    return "the goods are with a carrier"


class Part(StrEnum):
    """What of a delivery a merchant may amend."""

    DROPOFF = "dropoff"  # address and point
    PHONE = "phone"  # where the shopper is rung
    NAME = "name"  # whose door it is
    WINDOW = "window"  # the promise
    ITEMS = "items"  # count, weight, manifest
    READY = "ready_at"  # when the goods can be taken along
    INSTRUCTIONS = "instructions"  # what the driver reads about the door
    RETURN_POLICY = "return_policy"  # what becomes of goods that cannot be handed over


_UNTIL_CARRIED = frozenset({Part.DROPOFF, Part.PHONE})
_UNTIL_THE_END = frozenset({Part.INSTRUCTIONS})


def frozen_since(part: Part, state: DeliveryState) -> str | None:
    """Since when ``part`` cannot be changed in ``state``, in words; None when it can.

    As in GoLocal: door and phone until a driver has it, the rest until pickup; instructions until the end.
    """
    if state in FINAL:
        return "the delivery has ended"
    if part in _UNTIL_CARRIED and state not in WAITING:
        return "fixed since a carrier has it"
    if part not in _UNTIL_THE_END and state not in WAITING | CARRIED:
        return "fixed since pickup"
    return None


class TipStatus(StrEnum):
    """How sure a tip is."""

    PENDING = "pending"  # may still rise and fall
    CONFIRMED = "confirmed"  # stood in an offer that a driver accepted: can only rise
    FINAL = "final"  # a day after the end: cannot change


TIP_OPEN = timedelta(hours=24)
"""How long after the end a shopper may still tip."""


def tip_refusal(tip: Money, limit: Money) -> str | None:
    """Why a tip cannot be so much under a tariff with that ``limit``; None when it can."""
    if 0 <= tip.minor <= limit.minor:
        return None
    return f"a tip lies between {Money.zero(limit.currency)} and {limit}"


def tip_change_refusal(
    *, new: Money, now: datetime, old: Money, promised: Money, ended_at: datetime | None, limit: Money
) -> str | None:
    """Why the tip cannot become ``new``; None when it can.

    ``promised`` is the largest tip in an offer that a driver accepted: the tip never falls below it. ``limit`` is
    the tariff's.
    """
    if beyond := tip_refusal(new, limit):
        return beyond
    if ended_at is not None and now >= ended_at + TIP_OPEN:
        return "a tip can be given until 24 hours after the end"
    if new < promised:
        return f"a driver accepted this delivery with a tip of {promised}; it can only rise"
    if ended_at is not None and new < old:
        return "after the delivery a tip can only rise"
    return None
