"""Pure dispatch: ``decide(world, travel, params, now_s, seed)`` is the only way in, live and simulated.

Whole seconds in, plain values out; no I/O, no clock, no chance but the seed. The same input gives the
same output bit for bit (same lock file, same architecture), so that any decision can be replayed.

Read ``decide`` first; it calls, in this sequence, ``arrays`` (the world as rows), ``candidates``, ``insertion`` (or ``auction`` in a
surge), ``ruin_recreate`` and ``reasons``. ``objective`` says what a plan costs, ``chains`` what the rows hold, ``schedule`` the same
times for people. Beside it: ``mixing`` for a shortage, ``routes`` for windows and parcels, ``preposition`` for who has no work.
"""
