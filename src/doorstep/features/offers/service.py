"""The verbs of offers and trips, gathered from the rooms that hold them."""

from doorstep.features.offers.answering import accept, decline
from doorstep.features.offers.closing import (
    expire_due,
    one_at_a_time,
    withdraw,
    withdraw_joining,
    withdraw_stale,
)
from doorstep.features.offers.reporting import Reported, report
from doorstep.features.offers.rules import OfferMode
from doorstep.features.offers.showing import OffersDue, show
from doorstep.features.offers.trips import (
    give_back,
    release,
    remember_refusal,
    settle_trip,
    take_off,
)

__all__ = [
    "OfferMode",
    "OffersDue",
    "Reported",
    "accept",
    "decline",
    "expire_due",
    "give_back",
    "one_at_a_time",
    "release",
    "remember_refusal",
    "report",
    "settle_trip",
    "show",
    "take_off",
    "withdraw",
    "withdraw_joining",
    "withdraw_stale",
]
