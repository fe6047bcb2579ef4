"""Chance by name: every cause of a day's luck has a sequence of its own, drawn from one seed.

Two days of one seed that differ in a rule (pay, batching, the number of drivers) share every draw they both need:
the same order arrives at the same second, the same driver says no to the same trip. These are the common random numbers of
Law and Kelton, "Simulation Modeling and Analysis", chapter 11: differences between rules are then not drowned by luck.
"""

import hashlib
import math

import numpy as np

_SCALE = 2.0**-53


def stream(seed: int, name: str) -> np.random.Generator:
    """The sequence of ``name`` on the day ``seed``. A longer draw begins with the shorter one."""
    mark = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(mark)))


class Dice:
    """Numbers for meetings that nobody can list beforehand, such as one driver and one offer.

    The number depends on the day, the name and who meets, never on what was asked before.
    """

    def __init__(self, seed: int, name: str) -> None:
        """The dice of ``name`` on the day ``seed``."""
        self._begun = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8)

    def uniform(self, *who: int) -> float:
        """In [0, 1)."""
        mark = self._begun.copy()
        for one in who:
            mark.update(one.to_bytes(8, signed=True))
        return (int.from_bytes(mark.digest()) >> 11) * _SCALE

    def exponential(self, mean: float, *who: int) -> float:
        """Exponentially distributed with mean ``mean``."""
        return -mean * math.log1p(-self.uniform(*who))
