"""The courier company's moods: one after the other, so that within minutes it has failed in every way."""

import asyncio

import structlog

from doorstep.demo.line import Line
from doorstep.demo.tally import Tally

log = structlog.get_logger("demo")
MOODS: tuple[tuple[str, dict[str, float | str]], ...] = (
    ("refuses", {"refuse_share": 1.0}),
    ("fine", {}),
    ("loses_couriers", {"lose_share": 1.0, "lose_when": "before"}),
    ("tells_twice", {"duplicate_webhooks": 0.6, "reorder": 0.3}),
    ("does_not_answer", {"drop_answers": 0.7}),
    ("lies", {"lie_share": 0.6}),
    ("nobody_opens", {"return_share": 1.0}),
    ("slow", {"slow_s": 2.0}),
)
LASTS_REAL_S = 40.0
LOOK_REAL_S = 2.0


async def play(line: Line, tally: Tally) -> None:
    """Change the company's mood whenever it has got a job, or after a while, until cancelled."""
    number = 0
    while True:
        mood, manners = MOODS[number % len(MOODS)]
        reply = await line.call("POST", "/twin/behaviour", json=manners)
        if not reply.good:
            log.warning("mood_refused", refusal=reply.body)
        before = await _jobs(line)
        lasted_s = 0.0
        while lasted_s < LASTS_REAL_S and await _jobs(line) == before:
            await asyncio.sleep(LOOK_REAL_S)
            lasted_s += LOOK_REAL_S
        if await _jobs(line) != before:  # a mood that met no job harmed nobody
            tally.count(f"courier_company_{mood}")
        number += 1


async def _jobs(line: Line) -> int:
    reply = await line.call("GET", "/twin/jobs")
    return len(reply.body["jobs"]) if reply.good else 0
