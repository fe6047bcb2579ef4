"""All ways between many places of an extract at once, by OSRM (Luxen and Vetter, 2011), for whoever needs them before a day begins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
ROWS = 50
"""Origins of one question: an answer of 50 x 1,000 ways is some megabytes of Python for a moment."""


def all_ways(roads: Path, places: Real, done: Callable[[int], None] = lambda _: None) -> tuple[Real, Real]:
    """Seconds on empty roads and metres from each of ``places`` (lng, lat; n x 2) to each; NaN where no road leads.

    ``roads`` is what ``osrm_roads.prepare`` gave; ``done`` hears how many origins are behind. About 10 s a million ways.
    """
    import osrm

    engine: Any = osrm.OSRM(
        storage_config=str(roads), algorithm="MLD", use_shared_memory=False, max_locations_distance_table=-1
    )
    spots = [(float(lng), float(lat)) for lng, lat in places]
    seconds, metres = np.empty((len(spots), len(spots))), np.empty((len(spots), len(spots)))
    for first in range(0, len(spots), ROWS):
        rows = list(range(first, min(first + ROWS, len(spots))))
        answer = engine.Table(
            osrm.TableParameters(coordinates=spots, sources=rows, annotations=["duration", "distance"])
        )
        seconds[rows] = np.array(list(answer["durations"]), np.float64)  # None, no way, is NaN
        metres[rows] = np.array(list(answer["distances"]), np.float64)
        done(rows[-1] + 1)
    return seconds, metres


def joined(seconds: Real) -> NDArray[np.int64]:
    """Which places all reach each other, rising: those that the best connected one reaches and is reached from."""
    both = np.isfinite(seconds) & np.isfinite(seconds.T)
    return np.flatnonzero(both[int(both.sum(axis=1).argmax())])
