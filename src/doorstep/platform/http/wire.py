"""How values of a JSON request are read: a number is a number, yes is ``true``, an instant is written out.

Reading ``"3.00"`` as three cents, ``true`` as one or ``1732212000`` as some year would be a costly kindness,
and the OpenAPI document promises none of it.
"""

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _number(value: object) -> object:
    if isinstance(value, str | bytes | bool):
        raise ValueError("a number is meant")  # noqa: TRY004 (pydantic tells ValueErrors)
    return value


def _day(value: object) -> object:
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("a day is written like 2026-12-25")
    return value


def _written(value: object) -> object:
    if isinstance(value, date):  # our own, on its way out
        return value
    if not isinstance(value, str) or not _RFC_3339.match(value):
        raise ValueError("an instant is written like 2026-11-21T18:00:00Z")
    return value


Number = BeforeValidator(_number)
"""For ``Annotated[int, Field(ge=0), Number]`` and floats: no text, no truth value.

It stands last: before ``Field`` it would hide the bounds from the OpenAPI document.
"""

Flag = Annotated[bool, Field(strict=True)]
"""``true`` or ``false``, nothing that could be read so."""

Instant = Annotated[AwareDatetime, BeforeValidator(_written), Field(examples=["2026-11-21T18:00:00Z"])]
"""An instant with its offset, as RFC 3339 writes it."""

Day = Annotated[date, BeforeValidator(_day)]
"""A day of the calendar, as RFC 3339 writes it."""
