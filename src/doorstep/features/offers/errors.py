"""What offers and trips refuse."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownOffer(NotFound):
    """No such offer, or it was not shown to you."""

    code = "unknown_offer"
    title = "There is no such offer"


class UnknownTrip(NotFound):
    """No such trip, or another driver's."""

    code = "unknown_trip"
    title = "There is no such trip"


class OfferGone(Conflict):
    """Somebody was quicker, its time ran out, or it was taken back. Never held against anybody."""

    code = "offer_gone"
    title = "This offer is gone"
    remedy = "Nothing is held against you; the next offers come by themselves."


class HasTrip(Conflict):
    """The driver has a trip under way and another one waiting already."""

    code = "has_trip"
    title = "You have as many trips as you can carry out"
    remedy = "Finish the trip under way first."


class AlreadyOffered(Conflict):
    """One of the deliveries is in an open offer, taken, or over; or the driver has an offer to answer."""

    code = "already_offered"
    title = "This cannot be offered now"


class TooLateToDrop(Conflict):
    """The goods are with the driver: they can only be delivered or brought back."""

    code = "too_late_to_drop"
    title = "The goods are with you already"
    remedy = "Deliver them, or report a failed attempt and bring them back."


class NotOnTrip(Invalid):
    """A report names a delivery that is not on this trip."""

    code = "not_on_trip"
    title = "This delivery is not on the trip"
