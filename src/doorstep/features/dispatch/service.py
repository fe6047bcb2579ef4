"""The verbs of dispatch, gathered from the rooms that hold them."""

from doorstep.features.dispatch.offering import (
    Proposed,
    broadcast,
    hand_to_provider,
    offer_to_join,
    offer_trip,
)
from doorstep.features.dispatch.overruling import (
    call_provider,
    override_assign,
    override_reassign,
    override_unassign,
)
from doorstep.features.dispatch.writing import (
    TickFacts,
    call,
    count_stale,
    explain,
    kept_out,
    last_call,
    write_tick,
)

__all__ = [
    "Proposed",
    "TickFacts",
    "broadcast",
    "call",
    "call_provider",
    "count_stale",
    "explain",
    "hand_to_provider",
    "kept_out",
    "last_call",
    "offer_to_join",
    "offer_trip",
    "override_assign",
    "override_reassign",
    "override_unassign",
    "write_tick",
]
