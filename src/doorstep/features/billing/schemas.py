"""Billing on the wire."""

from pydantic import BaseModel, ConfigDict, Field


class AccountTold(BaseModel):
    """What a merchant owes and may still spend."""

    model_config = ConfigDict(frozen=True)
    currency: str = Field(examples=["USD"])
    owed_minor: int = Field(
        description="Billed, less what was paid; negative: paid beforehand.", examples=[12940]
    )
    set_aside_minor: int = Field(description="Set aside for deliveries under way.", examples=[1295])
    prepaid: bool
    credit_limit_minor: int = Field(description="Zero for a merchant that pays beforehand.", examples=[50000])
    available_minor: int = Field(description="What the next deliveries may cost.", examples=[35765])
