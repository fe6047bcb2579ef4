"""Facts in the past tense, written in the transaction of the change they tell of.

A feature's ``events`` module holds frozen dataclasses derived from ``Event`` whose fields are plain values
(str, int, bool, UUID, datetime, Money-as-minor-and-currency, tuples and dicts of those).
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. ``name`` is ``noun.past_tense``; ``version`` rises when fields change meaning."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
