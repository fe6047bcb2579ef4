"""Who waits for help, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from doorstep.features.console.safety import Gravest, Waiting
from doorstep.features.console.schemas.wire import Asked, Reason, Told
from doorstep.platform.http.wire import Instant
from doorstep.units.ids import public


class SafetyWaiting(Told):
    """A driver who pressed the safety button and is still waited for."""

    driver: str = Field(examples=["drv_01jd0000000000000000000000"])
    name: str
    phone: str
    kind: Gravest = Field(description="The gravest of her presses.")
    since: datetime
    at: datetime = Field(description="Her newest press; give it back as `seen_at`.")
    presses: int
    lat: float | None = Field(description="Where her phone was, when it knew.")
    lng: float | None
    note: str

    @classmethod
    def of(cls, one: Waiting) -> "SafetyWaiting":
        """As told of ``one``."""
        return cls(
            driver=public("driver", one.driver_id),
            name=one.name,
            phone=one.phone,
            kind=one.kind,
            since=one.since,
            at=one.at,
            presses=one.presses,
            lat=one.point.lat if one.point else None,
            lng=one.point.lng if one.point else None,
            note=one.note,
        )


class SafetySettled(Asked):
    """What was done. A press after ``seen_at`` still stands."""

    seen_at: Annotated[AwareDatetime, Instant]
    reason: Reason
