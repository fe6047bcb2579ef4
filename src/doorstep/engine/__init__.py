"""Pure dispatch: ``decide(world, travel, params, now_s, seed)`` is the only way in, live and simulated.

Whole seconds in, plain values out; no I/O, no clock, no chance but the seed. The same input gives the
same output bit for bit (same lock file, same architecture), so that any decision can be replayed.
"""
