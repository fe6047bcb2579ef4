"""Service levels on the wire."""

from dataclasses import asdict
from typing import Annotated, Any, Self

from pydantic import (
    Field,
)

from doorstep.features.markets import rules
from doorstep.features.markets.schemas.wire import Asked, Reach, Span
from doorstep.platform.http.wire import Number


class Express(Asked):
    """At the door within `promise_s` after the goods are ready."""

    promise_s: Annotated[int, Field(ge=600, le=21_600), Number] = 2700
    reach_m: Reach = 16_000


class SameDayWindow(Asked):
    """Same-day windows on a grid of the local clock, bookable until `lead_s` before they start."""

    lengths_s: Annotated[list[Span], Field(min_length=1, max_length=6)] = Field(default=[3600, 7200])
    step_s: Span = 3600
    lead_s: Annotated[int, Field(ge=0, le=43_200), Number] = 1800
    reach_m: Reach = 32_000


class NextDay(Asked):
    """Windows of tomorrow, bookable until `order_by_s` of the local clock."""

    lengths_s: Annotated[list[Span], Field(min_length=1, max_length=6)] = Field(default=[7200])
    step_s: Span = 7200
    order_by_s: Annotated[int, Field(ge=0, le=86_400), Number] = 79_200
    reach_m: Reach = 48_000


class ServiceRules(Asked):
    """The service levels, each with its rule; null: not offered."""

    express: Express | None = Express()
    window: SameDayWindow | None = SameDayWindow()
    next_day: NextDay | None = NextDay()

    @classmethod
    def of(cls, offered: rules.ServiceRules) -> Self:
        """The rules as told."""
        levels = {name: level for name, level in asdict(offered).items() if name in cls.model_fields}
        return cls.model_validate(levels)

    def value(self) -> rules.ServiceRules:
        """The rules as asked."""
        express, window, next_day = self.express, self.window, self.next_day
        return rules.ServiceRules(
            express=None if express is None else rules.ExpressRule(**express.model_dump()),
            window=None if window is None else rules.WindowRule(**_spans(window)),
            next_day=None if next_day is None else rules.NextDayRule(**_spans(next_day)),
        )


def _spans(model: SameDayWindow | NextDay) -> dict[str, Any]:
    return model.model_dump() | {"lengths_s": tuple(model.lengths_s)}
