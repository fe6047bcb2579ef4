"""What thirty days tell: means with their confidence intervals, and differences of the same days under two settings.

With common random numbers the difference of a day is far less noisy than the days (Law and Kelton, chapter 11): the interval
of the paired differences is what to look at. Intervals are Student's, at 95 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over the ``runs`` days that have the figure, None where none has; ``half`` is half the width of its interval, None with a
    single day.
    """

    mean: float | None
    half: float | None
    runs: int

    @property
    def sure(self) -> bool:
        """Whether the interval lies wholly on one side of zero."""
        return self.mean is not None and self.half is not None and abs(self.mean) > self.half


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of ``values`` and its interval; days without the figure (not a number) are left out. Raises ValueError without values."""
    if not values:
        raise ValueError("no days were simulated")
    there = [value for value in values if not math.isnan(value)]
    count = len(there)
    if not count:
        return Estimate(None, None, 0)
    mean = math.fsum(there) / count
    if count == 1:
        return Estimate(mean, None, 1)
    variance = math.fsum((v - mean) ** 2 for v in there) / (count - 1)
    return Estimate(mean, student(count - 1) * math.sqrt(variance / count), count)


def paired(values: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """The mean difference of the same days, of those that have the figure under both. Raises ValueError for days that do not pair."""
    return estimate([v - b for v, b in zip(values, baseline, strict=True)])


def student(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's distribution.

    Exact for one and two degrees of freedom, else the expansion of Cornish and Fisher (Abramowitz and Stegun, 26.7.5):
    within 0.3 % from three on at 95 %.
    """
    p = (1 + confidence) / 2
    if freedom == 1:
        return math.tan(math.pi * (p - 0.5))
    if freedom == 2:
        return (2 * p - 1) / math.sqrt(2 * p * (1 - p))
    z, n = NormalDist().inv_cdf(p), float(freedom)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / n ** (k + 1) for k, term in enumerate(terms))
