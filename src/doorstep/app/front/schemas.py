"""What the public routes answer."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Count = Annotated[int, Field(ge=0)]


class MarketFigures(BaseModel):
    """Counts of one market. The two differences are zero, or there is a fault."""

    model_config = ConfigDict(frozen=True)
    id: str = Field(examples=["mkt_01jd0000000000000000000000"])
    name: str = Field(examples=["Nashville"])
    open: _Count
    delivered: _Count
    drivers_online: _Count
    offers_open: _Count
    ledger_difference_minor: int
    promised_minus_paid_minor: int


class Status(BaseModel):
    """What runs here."""

    model_config = ConfigDict(frozen=True)
    version: str
    markets: list[MarketFigures]


class Turn(BaseModel):
    """A change of speed that has been decided and takes effect in a moment."""

    model_config = ConfigDict(frozen=True)
    speed: float
    in_real_s: float = Field(ge=0)


class ClockTold(BaseModel):
    """Both times of this network."""

    model_config = ConfigDict(frozen=True)
    market_time: datetime
    real_time: datetime
    speed: float = Field(description="Business seconds in a real one, at this instant; 1 outside a demo.")
    turn: Turn | None = Field(description="The speed it turns to, and when; null when it stays.")
    mode: str = Field(description="`live`, `demo`, or `not founded`.")
