"""Where a driver for whom nothing is planned best waits: at the store from which she shortens most ways to the next pickup.

One greedy step of the p-median problem (Hakimi 1964, "Optimum locations of switching centers"; greedy as in Cornuéjols, Fisher
and Nemhauser 1977): a store's expected pickups are weighed with the way of whoever waits nearest to it, and the place that
lowers the sum most is taken. Measured to pay at the start of a shift while idle drivers outnumber open orders, and nowhere else for
certain (docs/dispatch.md): as soon as work is about, a walk keeps her from it.
"""

from collections.abc import Sequence

import numpy as np

from doorstep.engine.world import Travel

FAR_S = 3600
"""A store with nobody within this counts as if somebody were just so far."""
WALK_MOST_S = 480
"""No store further away is suggested for its position alone."""
CHOICE = 40
"""The nearest stores are looked at."""


def waiting_place(
    place: int, waiting: Sequence[int], stores: Sequence[int], pickups: Sequence[int], travel: Travel
) -> int:
    """Which of ``stores`` a driver at ``place`` goes to, the nearest where none shortens anything.

    ``waiting``: where the others without work wait or will be; ``pickups``: how many are expected at each store. All are
    places of ``travel``; whole numbers throughout, so the answer is the same everywhere. Raises ValueError without a store.
    """
    if not stores:
        raise ValueError("there is no store to wait at")
    columns = np.asarray(stores)
    covered = travel.seconds[np.asarray([*waiting], int)][:, columns].min(axis=0, initial=FAR_S)
    weights = np.asarray(pickups, np.int64)
    near = np.argsort(travel.seconds[place, columns], kind="stable")[:CHOICE]
    best, least = int(near[0]), int((weights * np.minimum(covered, travel.seconds[place, columns])).sum())
    for i in near:
        if travel.seconds[place, columns[i]] > WALK_MOST_S:
            break
        left = int((weights * np.minimum(covered, travel.seconds[columns[i], columns])).sum())
        if left < least:
            best, least = int(i), left
    return int(columns[best])
