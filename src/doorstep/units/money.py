"""Money as whole minor units of one currency. Never a float, never two currencies in one sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

USD = "USD"


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum; exchange is never done silently."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: ``minor`` units (cents) of ``currency`` (ISO 4217). May be negative."""

    minor: int
    currency: str = USD

    def __post_init__(self) -> None:
        """Refuse anything that is not a whole number of minor units."""
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError(f"money is counted in whole minor units, not {self.minor!r}")

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def times(self, factor: Decimal | int) -> "Money":
        """The amount times ``factor``, rounded half to even (the one rounding rule of the house)."""
        exact = Decimal(self.minor) * Decimal(factor)
        return Money(int(exact.to_integral_value(rounding=ROUND_HALF_EVEN)), self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to ``weights`` whose sum is exactly this amount (largest remainder).

        Ties go to the earlier part. Raises ValueError when no weight is positive or one is negative.
        """
        total = sum(weights)
        if total <= 0 or any(w < 0 for w in weights):
            raise ValueError("weights must be non-negative and not all zero")
        sign = -1 if self.minor < 0 else 1
        amount = abs(self.minor)
        floors = [amount * w // total for w in weights]
        remainders = [amount * w % total for w in weights]
        left = amount - sum(floors)
        for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:left]:
            floors[index] += 1
        return [Money(sign * part, self.currency) for part in floors]

    @classmethod
    def zero(cls, currency: str = USD) -> Self:
        """Nothing, in ``currency``."""
        return cls(0, currency)

    @classmethod
    def sum(cls, parts: Iterable["Money"], currency: str = USD) -> "Money":
        """The sum of ``parts``; zero of ``currency`` when there is none."""
        total: Money | None = None
        for part in parts:
            total = part if total is None else total + part
        return total if total is not None else cls(0, currency)

    def __str__(self) -> str:
        sign = "−" if self.minor < 0 else ""
        units, cents = divmod(abs(self.minor), 100)
        symbol = "$" if self.currency == USD else f"{self.currency} "
        return f"{sign}{symbol}{units:,}.{cents:02d}"
