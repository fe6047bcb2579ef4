"""A recorded tick replays bit for bit on another processor target; ``make targets`` asks the same of whole days and of routes."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from bench import targets
from tests.engine.test_open_trip import FAR, READY, TWIN, UNDER_WAY
from tests.engine.test_plan import LINE, LUNCH

from doorstep.engine.compiled import warm_up
from doorstep.engine.decide import decide
from doorstep.engine.params import Params
from doorstep.engine.record import pack
from doorstep.engine.world import World

PLAIN = "generic"
"""x86-64 as it was at first: none of the instructions by which this machine's own code could round otherwise."""


def record(folder: Path) -> None:
    """Ticks of the kernels for one store a trip: by coordinates and by a matrix, a trip that grows, a large tick in parts."""
    targets.record_city(folder / "small", 60, 40, Params())
    targets.record_city(folder / "in parts", 160, 240, Params(apart_orders=100, surge_orders=100))
    grows = folder / "a trip that grows"
    grows.mkdir()
    world, params = World((LUNCH, TWIN), (UNDER_WAY, FAR)), Params(join_lead_s=600, named_most=8)
    for minute in range(3):
        now_s = READY - 60 * (2 - minute)
        decisions = decide(world, LINE, params, now_s, minute)
        (grows / f"{minute}.tick").write_bytes(pack(world, LINE, params, now_s, minute, decisions, "numba"))


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the plain target is told of x86-64; this processor is another"
)
def test_the_plainest_target_replays_what_this_machine_recorded(tmp_path: Path) -> None:
    assert warm_up().compiled
    record(tmp_path)
    here, there = targets.repeat(tmp_path), targets.asked(PLAIN, tmp_path, None, "--child-of-one-store")
    assert there["processor"] == PLAIN
    assert there["kinds"] == here
    assert {kind: (told["ticks"], told["same"]) for kind, told in here.items()} == dict.fromkeys(
        ("a trip that grows", "in parts", "small"), (3, 3)
    )


@pytest.mark.parametrize("program", ["bench.targets", "bench.dispatch.knobs"])
def test_a_program_that_lacks_its_instances_says_in_a_line_what_is_missing(
    tmp_path: Path, program: str
) -> None:
    environment = {**os.environ, "DOORSTEP_DATA": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-m", program], env=environment, check=False, capture_output=True, text=True
    )
    day = f"mdrp/{targets.DAY}"
    said = f"no {tmp_path}/{day}: set DOORSTEP_DATA to the folder that has {day}\n"
    assert (told.returncode, told.stdout, told.stderr) == (2, "", said)
