"""What all answers and requests of the console have in common."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from doorstep.units.ids import public

Reason = Annotated[
    str, Field(min_length=3, max_length=300, pattern=r"^[^\x00]*$", description="Stands in the audit.")
]


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def id_of(noun: str, value: UUID | None) -> str | None:
    """The public id of a noun; None for none."""
    return None if value is None else public(noun, value)
