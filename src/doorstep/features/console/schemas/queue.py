"""The queue and the vital signs on the wire: what needs somebody, and how the market does."""

from datetime import datetime

from pydantic import Field

from doorstep.features.console.remedies import Choice, Troubled
from doorstep.features.console.rules import Remedy, Trouble
from doorstep.features.console.schemas.deliveries import DeliveryTold
from doorstep.features.console.schemas.wire import Told, id_of
from doorstep.features.console.vitals import Vitals


class ChoiceTold(Told):
    """Something that helps, with one key."""

    remedy: Remedy
    price_minor: int | None = Field(description="What it costs beyond what is due anyway; null: by quote.")
    undoable: bool
    driver: str | None
    name: str = Field(description="Who is meant: a driver or a shopper; else empty.")
    phone: str

    @classmethod
    def of(cls, choice: Choice) -> "ChoiceTold":
        """The choice as told."""
        return cls(
            remedy=choice.remedy,
            price_minor=choice.price_minor,
            undoable=choice.undoable,
            driver=id_of("driver", choice.driver_id),
            name=choice.name,
            phone=choice.phone,
        )


class ConcernTold(Told):
    """A line of the queue."""

    delivery: DeliveryTold
    trouble: Trouble
    since: datetime
    cost_minor: int = Field(description="What it comes to if nobody acts for another quarter of an hour.")
    sentence: str
    minutes: int = Field(description="How late, how long silent, how long waited: by its trouble.")
    driver_name: str
    remedies: list[Remedy]
    choices: list[ChoiceTold] = Field(description="What helps at this moment, the best first.")

    @classmethod
    def of(cls, trouble: Troubled, now: datetime) -> "ConcernTold":
        """The concern as told at ``now``."""
        concern, one = trouble.concern, trouble.delivery
        return cls(
            delivery=DeliveryTold.of(one, now),
            trouble=concern.trouble,
            since=concern.since,
            cost_minor=concern.cost_minor,
            sentence=concern.sentence,
            minutes=concern.minutes,
            driver_name=trouble.driver_name,
            remedies=list(concern.remedies),
            choices=[ChoiceTold.of(choice) for choice in trouble.choices],
        )


class Queue(Told):
    """What needs somebody, the dearest to leave alone first."""

    as_of: datetime
    items: list[ConcernTold]


class VitalsTold(Told):
    """What a dispatcher looks at first."""

    as_of: datetime
    on_time_share: float | None = Field(
        description="Of what was delivered in the last hour; null: nothing was."
    )
    on_time_slices: list[float | None] = Field(description="The same up to each twelfth of that hour.")
    ended_last_hour: int
    delivered_today: int
    asked_recently: int = Field(description="Deliveries asked for in the last ten minutes.")
    open: int
    drivers_online: int
    drivers_busy: int
    offers_open: int
    promised_minus_paid_minor: int
    ledger_difference_minor: int
    currency: str

    @classmethod
    def of(cls, found: Vitals) -> "VitalsTold":
        """The figures as told."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})
