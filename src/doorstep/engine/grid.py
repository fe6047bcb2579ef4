"""Points of a plane in square cells: who is near, ring by ring, without looking at everybody.

The spiral search of Bentley, Weide and Yao (1980, "Optimal expected-time algorithms for closest point problems"): a kernel
looks at a cell and its rings until what lies further out cannot be better (``beyond_m``); the answer is the same as that of
looking at all, whatever the size of the cells.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from doorstep.engine.chains import Grid, Ints


class Rows(Protocol):
    """Makes the rows of one kind of kernels."""

    def of(self, numbers: Sequence[int]) -> Ints:
        """A row of ``numbers``."""


def grid_of(points: Sequence[tuple[int, int, int]], rows: Rows, per_cell: int = 2) -> Grid:
    """Items as (x, y, item); about ``per_cell`` of them in a cell if they lay evenly. No points: no cells."""
    if not points:
        return Grid(0, 0, 1, 0, 0, rows.of([0]), rows.of([0]))
    x_m, y_m, item = np.array(points, np.int64).T
    west, south = int(x_m.min()), int(y_m.min())
    across = max(int(x_m.max()) - west, int(y_m.max()) - south) + 1
    side = 1
    while side * side * per_cell < len(points):
        side += 1
    size = -(-across // side)
    wide, high = (int(x_m.max()) - west) // size + 1, (int(y_m.max()) - south) // size + 1
    cell = (y_m - south) // size * wide + (x_m - west) // size
    in_cells = item[np.lexsort((item, cell))]
    start = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=wide * high))))
    return Grid(wide, high, size, west, south, rows.of(start.tolist()), rows.of(in_cells.tolist()))


def rings(grid: Grid) -> int:
    """How many rings around any cell reach everything."""
    return max(grid.wide, grid.high)


def ring_length(ring: int) -> int:
    """How many cells a ring has."""
    if ring == 0:
        return 1
    return 8 * ring


def ring_cell(grid: Grid, x_m: int, y_m: int, ring: int, k: int) -> int:
    """Cell ``k`` of ``ring`` around the cell nearest to a point; -1 outside the grid."""
    x = min(max((x_m - grid.west_m) // grid.size_m, 0), grid.wide - 1)
    y = min(max((y_m - grid.south_m) // grid.size_m, 0), grid.high - 1)
    if ring > 0:
        side = k // (2 * ring)
        along = k - side * 2 * ring
        if side == 0:
            x += along - ring
            y -= ring
        elif side == 1:
            x += ring
            y += along - ring
        elif side == 2:
            x += ring - along
            y += ring
        else:
            x -= ring
            y += ring - along
    if x < 0 or y < 0 or x >= grid.wide or y >= grid.high:
        return -1
    return y * grid.wide + x


def beyond_m(grid: Grid, ring: int) -> int:
    """How far away anything outside ``ring`` is at least."""
    return ring * grid.size_m
