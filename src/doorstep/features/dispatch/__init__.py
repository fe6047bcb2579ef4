"""Dispatch, live: which driver is asked next, decided by the pure engine and written with its reasons.

Nouns: tick (one decision over a market), reason (why this delivery went to whom, or why not yet), call
(something urgent happened, tick now). Invariants: only the holder of the market's lease writes; every
decision is checked again when it is written, stale ones are dropped and counted; every tick's input and
output is kept and can be repeated bit for bit.
"""
