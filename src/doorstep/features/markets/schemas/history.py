"""A market's history on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import (
    Field,
)

from doorstep.features.markets import rules
from doorstep.features.markets.history import Standing
from doorstep.features.markets.rules import ChangeKind
from doorstep.features.markets.schemas.wire import (
    Asked,
    Reason,
    Told,
)


class TakenBack(Asked):
    """Why a change is taken back."""

    reason: Reason


class Change(Told):
    """One line of a market's history."""

    seq: int
    kind: ChangeKind
    at: datetime
    actor: str
    actor_name: str = Field(description="Who that is; empty when it is nobody of ours.")
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    undoable: bool = Field(description="What it set still stands, and what stood before is known.")

    @classmethod
    def of(cls, change: rules.Change, standing: Standing, names: Mapping[str, str]) -> Self:
        """The change as told beside what stands now; ``names`` of actors by their labels."""
        return cls(
            seq=change.seq,
            kind=change.kind,
            at=change.at,
            actor=change.actor,
            actor_name=names.get(change.actor, ""),
            before=dict(change.before),
            after=dict(change.after),
            reason=change.reason,
            undoable=standing.still_holds(change),
        )
