"""Visits on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.identity.rules import DemoRole, SignedIn
from doorstep.features.identity.schemas import SessionOpened
from doorstep.features.visits.rules import FASTEST, SPEEDS, Visit, Why
from doorstep.platform.auth.actors import Audience
from doorstep.platform.http.wire import Flag, Number


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class Entry(Asked):
    """As whom to enter."""

    role: DemoRole = Field(alias="as")


class Entered(Told):
    """You are inside. Browsers got the credential as a cookie, too; a shopper has her link instead."""

    role: DemoRole = Field(alias="as")
    go: str = Field(description="The page behind the door.", examples=["/console"])
    token: str = Field(description="The credential, shown this once.")
    audience: Audience
    subject: str
    expires_at: datetime | None = Field(description="Null for a link: it lasts until a day after the end.")

    @classmethod
    def of(cls, role: DemoRole, go: str, opened: SignedIn) -> Self:
        """Signed in."""
        return cls.model_validate({"as": role, "go": go, **SessionOpened.of(opened).model_dump()})


class SpeedAsked(Asked):
    """How many seconds of business time shall pass in a real one."""

    speed: Annotated[float, Field(ge=1, le=FASTEST, examples=list(SPEEDS)), Number]


class WheelAsked(Asked):
    """Who moves the car."""

    on: Flag


class Turning(Told):
    """A change of speed that has been decided and takes effect in a moment."""

    speed: float
    in_real_s: float = Field(ge=0)


class Inside(Told):
    """One browser inside."""

    roles: list[DemoRole] = Field(alias="as")
    since: datetime = Field(description="Real time.")
    drive_for_me: bool
    you: bool

    @classmethod
    def of(cls, visit: Visit, mine: Visit | None) -> Self:
        """The visit as others see it."""
        return cls(
            **{"as": list(visit.roles)},
            since=visit.entered_wall,
            drive_for_me=visit.driven,
            you=mine is not None and mine.id == visit.id,
        )


class Pace(Told):
    """How fast time runs here, why, and who is inside."""

    speed: float = Field(description="Business seconds in a real one, at this instant.")
    turning: Turning | None
    wished_speed: float = Field(
        description="What it is or will be: lower at once, higher when nobody reads an offer."
    )
    usual_speed: float = Field(description="With nobody inside.")
    why: Why
    choices: list[float]
    market_time: datetime
    real_time: datetime
    inside: list[Inside]
    you: Inside | None = Field(description="Null when you are not inside.")
