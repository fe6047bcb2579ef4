"""The courier company's moods: one after the other, so that within minutes it has failed in every way."""

import asyncio

import structlog

from doorstep.demo.line import Line
from doorstep.demo.tally import Tally

log = structlog.get_logger("demo")
MOODS: tuple[tuple[str, dict[str, float | str]], ...] = (
    ("refuses", {"refuse_share": 1.0}),
    ("loses_couriers", {"lose_share": 1.0, "lose_when": "before"}),
    ("does_not_answer", {"drop_answers": 1.0}),
    ("lies", {"lie_share": 0.6, "duplicate_webhooks": 0.6, "reorder": 0.3, "slow_s": 2.0}),
    ("nobody_opens", {"return_share": 1.0}),
    ("fine", {}),
)
LINGERS_REAL_S = 15.0
"""A mood goes on for so long after it has met a booking: news of it is told in the same mood."""
LOOK_REAL_S = 1.0


async def play(line: Line, tally: Tally) -> None:
    """Change the company's mood once it has met a booking, until cancelled."""
    number = 0
    while True:
        mood, manners = MOODS[number % len(MOODS)]
        reply = await line.call("POST", "/twin/behaviour", json=manners)
        if not reply.good:
            log.warning("mood_refused", refusal=reply.body)
        before = await _asked(line)
        while await _asked(line) == before:  # noqa: ASYNC110 (the company tells nobody)
            await asyncio.sleep(LOOK_REAL_S)
        await asyncio.sleep(LINGERS_REAL_S)
        tally.count(f"courier_company_{mood}")
        number += 1


async def _asked(line: Line) -> int | None:
    """How many bookings it was asked for; None when it does not say."""
    reply = await line.call("GET", "/twin/jobs")
    return int(reply.body["asked"]) if reply.good else None
