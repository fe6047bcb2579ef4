"""Writes the first migration's SQL from the declared rows. Only while no release holds that migration."""

from pathlib import Path

from doorstep.app import wiring
from doorstep.platform.db import schema

TARGET = Path(__file__).parents[1] / "migrations/versions/2026_11_21_0000_the_first_schema.sql"

if __name__ == "__main__":
    wiring.import_rows()
    TARGET.write_text(schema.sql())
    print(f"{TARGET.name}: {len(TARGET.read_text().splitlines())} lines")
