"""The cheapest way to give each row at most one column: the Hungarian method by shortest augmenting paths.

Jonker and Volgenant (1987), "A shortest augmenting path algorithm for dense and sparse linear assignment problems", without
their start: rows come in one by one, each along the cheapest chain of changes to what was settled before.
"""

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]


def cheapest_matching(costs: Costs, left_out: Costs) -> list[int]:
    """By row its column, -1 for none: least sum of ``costs`` (rows x columns, inf where not allowed), no column twice.

    A row without a column costs its part of ``left_out``, which is finite. Raises ValueError for shapes that do not fit.
    """
    rows, columns = costs.shape
    if left_out.shape != (rows,):
        raise ValueError("every row has a price for being left out")
    nobody = np.full((rows, rows), np.inf)
    np.fill_diagonal(nobody, left_out)
    table = np.hstack((costs, nobody))
    entry = columns + rows  # a column apart, through which each row comes in
    worth_row, worth_column = np.zeros(rows), np.zeros(entry + 1)
    holder = np.full(entry + 1, -1)
    for row in range(rows):
        holder[entry] = row
        least, before = np.full(entry, np.inf), np.full(entry, entry)
        reached = np.zeros(entry + 1, np.bool_)
        column = entry
        while holder[column] != -1:
            reached[column] = True
            here = holder[column]
            further = table[here] - worth_row[here] - worth_column[:entry]
            nearer = (further < least) & ~reached[:entry]
            least[nearer], before[nearer] = further[nearer], column
            following = int(np.where(reached[:entry], np.inf, least).argmin())
            step = least[following]
            worth_row[holder[reached]] += step
            worth_column[reached] -= step
            least[~reached[:entry]] -= step
            column = following
        while column != entry:
            holder[column] = holder[before[column]]
            column = int(before[column])
    chosen = [-1] * rows
    for column in np.flatnonzero(holder[:columns] != -1):
        chosen[int(holder[column])] = int(column)
    return chosen
