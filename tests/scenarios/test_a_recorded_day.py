"""A slice of a recorded day through real processes: the whole day is `make replay`."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doorstep.app.replay.outcome import Outcome, Peers
from doorstep.app.replay.run import run
from doorstep.sim.mdrp.measures import Measures

DAY = Measures(
    instance="0o100t100s1p100", orders=505, undelivered_pct=0, ctd_mean=29.8, ctd_p90=42, ctd90=29.8, rtp_mean=1.4,
    cost_per_order=10.8, orders_per_bundle=1, drive_min_per_order=15, over90_pct=0, tick_ms_p50=1, tick_ms_p95=3,
)  # fmt: skip
OUTCOME = Outcome(
    speed=60, real_s=845, orders=505, final=505, product=DAY, breaches=(), ledger_difference_minor=0,
    promised_minus_paid_minor=0, broken_promises={"one carrier at a time": 0}, peers=Peers(1185, DAY, DAY),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"final": 504}, "1 orders have no end"),
        ({"ledger_difference_minor": 1}, "balance"),
        ({"promised_minus_paid_minor": -1}, "paid what was promised"),
        ({"broken_promises": {"one carrier at a time": 1}}, "promises are broken"),
        ({"breaches": ("o1 was picked up before it was ready",)}, "rules are broken"),
        ({"product": replace(DAY, ctd_mean=30.9)}, "1.10 min from the engine's"),
        ({"product": replace(DAY, undelivered_pct=0.2)}, "the product left"),
        ({"peers": Peers(1185, replace(DAY, undelivered_pct=0.2), DAY)}, "the engine left"),
        ({"peers": Peers(1185, replace(DAY, ctd_mean=30.51), DAY)}, "30.51 min, more than 30.5"),
    ],
)
def test_a_day_is_good_when_it_misses_nothing(changes: dict[str, Any], missed: str) -> None:
    assert OUTCOME.good
    short = replace(OUTCOME, **changes)
    assert not short.good
    (said,) = short.missed
    assert missed in said
    assert replace(OUTCOME, orders=9, final=9, product=replace(DAY, undelivered_pct=11)).good, (
        "a slice has no bar"
    )


@pytest.mark.slow
async def test_the_first_orders_of_a_recorded_day_end_well(data_folder: Path) -> None:
    """What it costs in click-to-door is a figure of `make replay`: here only that all ends, and every cent agrees."""
    day = data_folder / "mdrp" / "0o100t100s1p100"
    outcome = await asyncio.to_thread(run, day, speed=400, seed=1, until_min=60)
    assert outcome.orders == outcome.final == outcome.product.orders == 9
    assert outcome.product.undelivered_pct == 0
    assert outcome.product.orders_per_bundle >= 1
    assert outcome.product.ctd_mean > outcome.product.rtp_mean > 0
    assert (outcome.ledger_difference_minor, outcome.promised_minus_paid_minor) == (0, 0)
    assert not outcome.broken_promises
    assert outcome.peers.ticks >= 9, (
        "the peers are given the product's own ticks, however few a busy machine reached"
    )
    assert outcome.peers.same.orders == outcome.peers.minutely.orders == 9
