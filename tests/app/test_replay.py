"""A slice of a recorded day through real processes: the whole day is `make replay`."""

import asyncio
from pathlib import Path

import pytest

from doorstep.app.replay.run import run


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
