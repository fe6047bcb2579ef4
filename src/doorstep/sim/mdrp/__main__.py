"""``python -m doorstep.sim.mdrp DIR… [--seeds N] [--json FILE]``: the pure engine on recorded days."""

import argparse
import json
import sys
from pathlib import Path

from doorstep.engine.compiled import warm_up
from doorstep.engine.params import Params
from doorstep.sim.mdrp.day import play
from doorstep.sim.mdrp.instance import read


def main(arguments: list[str]) -> None:
    """Play each folder and print its measures as a line of JSON; ``--json`` writes them all as one list.

    Raises ValueError when a played day breaks an official rule.
    """
    parser = argparse.ArgumentParser(prog="python -m doorstep.sim.mdrp", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="play each day with seeds 1 to N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args(arguments)
    kernels = warm_up()
    found = []
    for folder in chosen.folders:
        instance = read(folder)
        for seed in range(1, chosen.seeds + 1):
            figures = {"seed": seed, **play(instance, Params(), seed, kernels).measures.as_dict()}
            sys.stdout.write(json.dumps(figures) + "\n")
            sys.stdout.flush()
            found.append(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
