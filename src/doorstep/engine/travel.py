"""How long it takes from any place of one tick to any other. Only the value; who measures it is elsewhere."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """A square matrix over the places of one tick; orders and drivers name places by row.

    ``seconds`` is int32 of shape (n, n), whole seconds, never negative, ``seconds[a, b]`` from a to b; it need not be
    symmetric nor keep the triangle inequality. ``metres``, of the same shape, is only passed through for display and
    pay: the engine decides by time alone.
    """

    seconds: NDArray[np.int32]
    metres: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a matrix of another type or shape."""
        shape = self.seconds.shape
        if self.seconds.dtype != np.int32 or len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"travel is a square int32 matrix, not {self.seconds.dtype} {shape}")
        if self.metres is not None and (self.metres.dtype != np.int32 or self.metres.shape != shape):
            raise ValueError("metres must have the type and shape of seconds")
