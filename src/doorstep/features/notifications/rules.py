"""Which moments are told, in which words, and when a text comes too late to be true. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from doorstep.features.deliveries.rules import DeliveryState
from doorstep.units.time import MarketInstant


class Moment(StrEnum):
    """What a shopper is told of."""

    ON_THE_WAY = "on_the_way"  # the goods have left the store
    DELIVERED = "delivered"  # handed over, or at the door
    NOT_HANDED_OVER = "not_handed_over"  # somebody was there and could not hand it over
    CANCELLED = "cancelled"  # it will not come


MOMENTS = {
    "delivery.picked_up": Moment.ON_THE_WAY,
    "delivery.delivered": Moment.DELIVERED,
    "delivery.attempt_failed": Moment.NOT_HANDED_OVER,
    "delivery.cancelled": Moment.CANCELLED,
    "delivery.expired": Moment.CANCELLED,
}
"""The moment that each event of a delivery brings. That it was booked is told by the shop, with its receipt."""
USUAL = frozenset(Moment)
"""What is told unless a merchant wishes otherwise."""


class Language(StrEnum):
    """What the texts are written in."""

    EN = "en"  # English
    ES = "es"  # Spanish


class NotificationState(StrEnum):
    """What became of a text."""

    WAITING = "waiting"  # to be sent at once, or again in a moment
    SENT = "sent"  # the message service has it
    REFUSED = "refused"  # there is no such phone, or it wants none
    STALE = "stale"  # it would not have been true any more when it could be sent
    GIVEN_UP = "given_up"  # the message service was away for too long


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a merchant wants its shoppers told."""

    moments: frozenset[Moment] = USUAL
    language: Language = Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One text. ``phone_end`` are the last four digits of where it went; instants of ``made_at`` are market time."""

    delivery_id: UUID
    moment: Moment
    state: NotificationState
    phone_end: str
    text: str
    why: str
    attempts: int
    made_at: MarketInstant
    sent_wall: datetime | None


_WORDS = {
    Language.EN: {
        Moment.ON_THE_WAY: "{shop}: your order is on its way. Follow it here: {link}",
        Moment.DELIVERED: "{shop}: your order was delivered. What was left and where: {link}",
        Moment.NOT_HANDED_OVER: "{shop}: your order could not be handed over. What happens next: {link}",
        Moment.CANCELLED: "{shop}: your delivery was cancelled. More here: {link}",
    },
    Language.ES: {
        Moment.ON_THE_WAY: "{shop}: su pedido va en camino. Sígalo aquí: {link}",
        Moment.DELIVERED: "{shop}: su pedido fue entregado. Qué se dejó y dónde: {link}",
        Moment.NOT_HANDED_OVER: "{shop}: no pudimos entregarle su pedido. Qué pasa ahora: {link}",
        Moment.CANCELLED: "{shop}: su entrega fue cancelada. Más aquí: {link}",
    },
}
_LONGEST_NAME = 60


def words(moment: Moment, language: Language, shop: str, link: str) -> str:
    """The text: who it is from, what is the matter, and where more stands. Long names are cut."""
    name = " ".join(shop.split())
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"
    return _WORDS[language][moment].format(shop=name, link=link)


def still_true(moment: Moment, state: DeliveryState) -> bool:
    """Whether a text of ``moment`` may still be sent while its delivery stands at ``state``.

    What has been overtaken is not told: nobody wants to hear that an order is on its way which stands in the hall.
    """
    if moment is Moment.ON_THE_WAY:
        return state in {DeliveryState.PICKED_UP, DeliveryState.ENROUTE_TO_DROPOFF}
    if moment is Moment.NOT_HANDED_OVER:
        return state not in {DeliveryState.DELIVERED, DeliveryState.CANCELLED}
    return True
