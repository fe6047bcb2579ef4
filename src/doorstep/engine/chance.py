"""Chance for the kernels: whole numbers from one seed, the same compiled or interpreted.

A 32-bit xorshift generator (Marsaglia 2003, "Xorshift RNGs"): short, and no step leaves 64 bits.
"""

from doorstep.engine.chains import Ints

WORD = 0xFFFFFFFF


def start_chance(state: Ints, seed: int) -> None:
    """Begin the sequence of ``seed`` in the one cell of ``state``."""
    state[0] = (seed ^ (seed >> 32) ^ 0x9E3779B9) & WORD
    if state[0] == 0:
        state[0] = 1
    for _ in range(4):
        below(state, 2)


def below(state: Ints, bound: int) -> int:
    """The next number in [0, ``bound``), bound at most 2^28."""
    x = state[0]
    x ^= (x << 13) & WORD
    x ^= x >> 17
    x ^= (x << 5) & WORD
    state[0] = x
    return (x >> 4) % bound


def exponential(state: Ints, mean: int) -> int:
    """An exponentially distributed number of mean ``mean``, without a logarithm.

    Von Neumann (1951), "Various techniques used in connection with random digits": the length of a falling
    run of uniform numbers decides whether its first is kept; each run refused adds one to the whole part.
    """
    whole = 0
    while True:
        first = below(state, 1 << 24)
        last = first
        length = 1
        while True:
            following = below(state, 1 << 24)
            if following >= last:
                break
            last = following
            length += 1
        if length % 2 == 1:
            return mean * whole + ((mean * first) >> 24)
        whole += 1
