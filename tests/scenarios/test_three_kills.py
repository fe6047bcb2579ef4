"""Three kills of each kind in the living demo: nothing promised is lost, nobody is paid twice, all comes back.

How fast it comes back is measured by `make faults`, not asserted here.
"""

from collections import Counter

import pytest
from bench.faults import campaign
from bench.victims import Kind

KILLS = 3
SPEED = 8.0
"""A quarter of the pace of the demo: its tests share two cores with others."""
LONGEST_S = 300
"""Thirteen kills take a quiet machine a minute and a crowded one three: nothing begins later than this."""


@pytest.mark.slow
async def test_three_kills_of_each_kind_break_no_promise() -> None:
    report = await campaign(KILLS, seed=7, speed=SPEED, until_s=LONGEST_S, pause_s=(0.1, 0.8), look_s=0.4)

    struck = Counter(blow.kind for blow in report.blows)
    assert struck == dict.fromkeys(Kind, KILLS) | {Kind.NURSERY: 1}
    # The campaign really lived: people ordered, drivers drove, money moved.
    assert report.promised > len(report.blows)
    assert report.acknowledged.get("accepted", 0) > 0
    assert report.counts["ledger_entries"] > 0
    # What was answered stays, once.
    assert report.lost == ()
    assert report.doubled == 0
    assert {promise: count for promise, count in report.broken.items() if count} == {}
