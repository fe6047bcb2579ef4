"""What a person decides by hand, on the wire."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from doorstep.features.console.schemas.wire import Asked, Reason
from doorstep.features.deliveries.rules import CancelReason
from doorstep.platform.http.wire import Instant


class AssignAsked(Asked):
    """Whom to ask, and why."""

    driver_id: Annotated[str, Field(max_length=40, examples=["drv_01jd0000000000000000000000"])]
    reason: Reason


class OverrideAsked(Asked):
    """Why."""

    reason: Reason


class ReassignAsked(AssignAsked):
    """Who shall have the whole trip, and why."""


class ProviderAsked(OverrideAsked):
    """Why, and which company; the best fitting one when none is named."""

    provider_id: Annotated[str, Field(max_length=40, examples=["prv_01jd0000000000000000000000"])] | None = (
        None
    )


class AmendAsked(Asked):
    """What shall change, and why; what is left out stays."""

    instructions: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] | None = None
    phone: Annotated[str, Field(max_length=20, pattern=r"^\+[1-9][0-9]{6,14}$")] | None = None
    ready_at: Annotated[AwareDatetime, Instant] | None = None
    reason: Reason


class CancelAsked(Asked):
    """Why, as a code and in words."""

    why: CancelReason
    reason: Reason
