"""Pages of a list: an opaque cursor that says where to go on, never an offset."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from doorstep.platform.errors import Fault, Invalid

Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(pattern=r"^[A-Za-z0-9_-]{22}$", description="`next` of the page before.")
]


class Page[T](BaseModel):
    """One page. ``next`` is null on the last."""

    model_config = ConfigDict(frozen=True)
    items: list[T]
    next: str | None = None


def cursor_after(last: UUID) -> str:
    """The cursor of the page that goes on after the row ``last``."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def read_cursor(cursor: str | None) -> UUID | None:
    """The row to go on after. Raises Invalid for a cursor nobody gave out."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            "This cursor was not given out by us.", faults=[Fault("/query/cursor", "unknown")]
        ) from error
