"""``python -m doorstep.sim.mdrp DIR…``: the pure engine on recorded days."""

import json
import sys
from pathlib import Path

from doorstep.engine.compiled import warm_up
from doorstep.engine.params import Params
from doorstep.sim.mdrp.day import play
from doorstep.sim.mdrp.instance import read


def main(arguments: list[str]) -> None:
    """Play each folder and print its measures as a line of JSON."""
    kernels = warm_up()
    for folder in arguments:
        sys.stdout.write(json.dumps(play(read(Path(folder)), Params(), 1, kernels).measures.as_dict()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
