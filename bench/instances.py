"""Where the recorded and published instances lie that some of these programs read."""

import os
import sys
from pathlib import Path


def folder_with(*needed: str) -> Path:
    """The folder of DOORSTEP_DATA, which has all that is ``needed``; where it has not, says so in a line and exits 2."""
    folder = Path(os.environ.get("DOORSTEP_DATA", "../shared/data"))
    for name in needed:
        if not (folder / name).exists():
            print(f"no {folder / name}: set DOORSTEP_DATA to the folder that has {name}", file=sys.stderr)
            raise SystemExit(2)
    return folder
