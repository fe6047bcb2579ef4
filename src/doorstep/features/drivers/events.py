"""What happened to a driver."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from doorstep.platform.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverCreated(Event):
    """Somebody may drive in a market."""

    name: ClassVar[str] = "driver.created"
    driver_id: UUID
    market_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverOnDuty(Event):
    """New offers may reach her, until the instant she named if she did."""

    name: ClassVar[str] = "driver.on_duty"
    driver_id: UUID
    market_id: UUID
    at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverOffDuty(Event):
    """No new offers; a trip under way is finished as it was offered."""

    name: ClassVar[str] = "driver.off_duty"
    driver_id: UUID
    market_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverStateChanged(Event):
    """Paused, deactivated or active again, with the reason as written."""

    name: ClassVar[str] = "driver.state_changed"
    driver_id: UUID
    market_id: UUID
    at: datetime
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyCalled(Event):
    """She pressed the safety button, or says that all is well."""

    name: ClassVar[str] = "driver.safety_called"
    driver_id: UUID
    market_id: UUID
    at: datetime
    kind: str


def stream(driver_id: UUID) -> str:
    """The name under which a driver's events keep their order."""
    return f"driver:{driver_id}"
