"""The same bits on two processor targets: ``python -m bench.targets [--json FILE]``, or ``make targets``.

DESIGN's law of replay: a decision recorded on one machine is repeated bit for bit on another of the same architecture. numba
(LLVM) chooses instructions by the processor it finds; here the kernels are compiled twice, each time in a process and a cache
of its own: for this machine's processor with all it can do, and for the plainest of its kind (``NUMBA_CPU_NAME=generic``, no
features). What the one records the other repeats, and every byte of decisions, reasons, plans and costs is compared.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from bench.dispatch.dispatch_shaped import load
from bench.dispatch.scale import NOW_S, metropolis
from bench.instances import folder_with

from doorstep.engine import compiled as apart
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.mixing import compiled as mixing
from doorstep.engine.params import Params
from doorstep.engine.record import pack, replay
from doorstep.engine.routes import compiled as routes
from doorstep.engine.routes import files
from doorstep.engine.routes.problem import Turns
from doorstep.engine.routes.search import StringRemovals
from doorstep.engine.world import Travel, World
from doorstep.sim.mdrp.day import Rules, play_by
from doorstep.sim.mdrp.instance import read

DAY = "0o50t100s1p100"
MOMENT = "200x150"
BENCHMARK = "lr1_2_4"
NEEDED = (f"mdrp/{DAY}", "dispatch_shaped", f"li_lim/{BENCHMARK}.txt")
TARGETS: dict[str, dict[str, str]] = {
    "this machine": {},
    "generic": {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
}


@dataclass(frozen=True, slots=True)
class Recorder:
    """The engine on a played day; keeps some of its ticks."""

    params: Params
    folder: Path
    every: int

    def __call__(self, world: World, travel: Travel, now_s: int, seed: int) -> Decisions:
        """See ``doorstep.sim.mdrp.policy.Policy``."""
        decisions = decide(world, travel, self.params, now_s, seed)
        if seed % self.every == 0:
            record = pack(world, travel, self.params, now_s, seed, decisions, "numba")
            (self.folder / f"{now_s:08d}.tick").write_bytes(record)
        return decisions


def record(folder: Path) -> None:
    """Decide a recorded day, with one store a trip and mixed, and three cities by coordinates; keep the ticks."""
    data = folder_with(*NEEDED)
    for name, params, every in (
        ("one store a trip", Params(late_price=0.0), 4),
        ("stores mixed", Params(late_price=0.0, mixing=True), 12),
    ):
        kept = folder / name
        kept.mkdir(parents=True)
        rules = Rules(grow=True, go_to_restaurant=True, mixing=params.mixing)
        play_by(read(data / "mdrp" / DAY), Recorder(params, kept, every), rules, 1)
    for orders, drivers in ((60, 40), (150, 200), (500, 300)):
        record_city(folder / "by coordinates", orders, drivers, Params())


def record_city(kept: Path, orders: int, drivers: int, params: Params) -> None:
    """Decide three minutes of a city by coordinates in which nothing new comes; keep the ticks."""
    kept.mkdir(parents=True, exist_ok=True)
    world, plane = metropolis(orders, drivers, orders)
    for minute in range(3):
        now_s = NOW_S + 60 * minute
        decisions = decide(world, plane, params, now_s, minute)
        content = pack(world, plane, params, now_s, minute, decisions, "numba")
        (kept / f"{orders}-{minute}.tick").write_bytes(content)
        world = replace(world, plan=decisions.plan)


def repeat(folder: Path) -> dict[str, dict[str, Any]]:
    """For each kind of tick: how many, how many came out the same, and a checksum of what came out."""
    kinds = {}
    for kept in sorted(path for path in folder.iterdir() if path.is_dir()):
        count, same, sums = 0, 0, hashlib.sha256()
        for path in sorted(kept.iterdir()):
            told = replay(path.read_bytes())
            count, same = count + 1, same + told.same
            sums.update(msgspec.json.encode(told.again))
        kinds[kept.name] = {"ticks": count, "same": same, "checksum": sums.hexdigest()}
    return kinds


def route_plans() -> dict[str, str]:
    """Checksums of plans of routes after so many turns."""
    data, planner = folder_with(*NEEDED), StringRemovals(routes.warm_up())
    problems = {
        MOMENT: load(data / "dispatch_shaped", MOMENT),
        BENCHMARK: files.read((data / "li_lim" / f"{BENCHMARK}.txt").read_text()),
    }
    return {
        name: hashlib.sha256(msgspec.json.encode(planner.plan(problem, Turns(3000), 1))).hexdigest()
        for name, problem in problems.items()
    }


def child(folder: Path) -> dict[str, Any]:
    """What one target makes of it; the first of them records."""
    found = warmed(apart, mixing, routes)
    if not folder.exists():
        record(folder)
    return {**found, "kinds": repeat(folder), "routes": route_plans()}


def child_of_one_store(folder: Path) -> dict[str, Any]:
    """What one target makes of recorded ticks of one store a trip, with the kernels for these alone."""
    return {**warmed(apart), "kinds": repeat(folder)}


def warmed(*rooms: ModuleType) -> dict[str, Any]:
    """Compile the kernels of ``rooms``, or read them back; for which processor, in how many of its seconds."""
    began_s = time.process_time()
    for room in rooms:
        room.warm_up()
    took_s = time.process_time() - began_s
    from llvmlite import binding

    return {
        "processor": os.environ.get("NUMBA_CPU_NAME") or binding.get_host_cpu_name(),
        "compiling_processor_s": round(took_s, 1),
    }


def asked(name: str, folder: Path, caches: Path | None, work: str = "--child") -> dict[str, Any]:
    """``child``, or what ``work`` says, in a process of its own for the target called ``name``.

    Without ``caches`` the compiled code lies where it always does: there, too, targets are told apart.
    """
    environment = {**os.environ, **TARGETS[name]}
    if caches is not None:
        cache = caches / name.replace(" ", "-")
        cache.mkdir(parents=True, exist_ok=True)
        environment["NUMBA_CACHE_DIR"] = str(cache)
    command = [sys.executable, "-m", "bench.targets", work, str(folder)]
    found = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(found.stdout))


def main() -> int:
    """Compare the targets; 1 when a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--caches", type=Path, help="keep compiled code there, for another time")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child-of-one-store", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child or given.child_of_one_store:
        found = child(given.child) if given.child else child_of_one_store(given.child_of_one_store)
        print(json.dumps(found))
        return 0
    folder_with(*NEEDED)
    with tempfile.TemporaryDirectory() as scratch:
        ticks, caches = Path(scratch) / "ticks", given.caches or Path(scratch)
        told = {name: asked(name, ticks, caches) for name in TARGETS}
    first, second = told.values()
    same = first["kinds"] == second["kinds"] and first["routes"] == second["routes"]
    same = same and all(k["same"] == k["ticks"] > 0 for t in told.values() for k in t["kinds"].values())
    for name, found in told.items():
        kinds = ", ".join(f"{kind}: {k['same']} of {k['ticks']}" for kind, k in found["kinds"].items())
        print(f"{name} ({found['processor']}): {kinds}; plans of routes: {len(found['routes'])}")
    print("the same to the last bit" if same else "NOT THE SAME")
    if given.json:
        machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
        date = datetime.now(UTC).date().isoformat()
        whole = {"date": date, "machine": machine, "day": DAY, "same": same, "targets": told}
        given.json.write_text(json.dumps(whole, indent=1) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
