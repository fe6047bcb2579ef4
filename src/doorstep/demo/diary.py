"""What the network acknowledged to the people of a demo, for somebody who asks later whether it still holds."""

import os
from enum import StrEnum
from pathlib import Path

from doorstep.demo.script import folder_of


class Acknowledged(StrEnum):
    """What a phone was told to be so."""

    ACCEPTED = "accepted"  # an offer is this driver's
    HANDED_OVER = "handed_over"  # a delivery is delivered


def diary_of(home: Path) -> Path:
    """Where the diary of the demo in ``home`` lies; it is kept when somebody has put the file there."""
    return folder_of(home) / "diary"


class Diary:
    """One line for each answer, written as soon as it is heard."""

    def __init__(self, path: Path | None = None) -> None:
        """At ``path``; as long as no such file is there nothing is kept, for a demo may run for months."""
        self._path = path

    def note(self, what: Acknowledged, which: str) -> None:
        """The network said that this is so of the offer or delivery ``which``."""
        if self._path is None:
            return
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            return
        try:
            os.write(file, f"{what} {which}\n".encode())
        finally:
            os.close(file)

    def read(self) -> list[tuple[Acknowledged, str]]:
        """All that was noted so far, oldest first; empty when none is kept."""
        if self._path is None or not self._path.is_file():
            return []
        lines = self._path.read_text().splitlines()
        return [(Acknowledged(what), which) for what, which in (line.split() for line in lines)]
