"""Simulators: worlds that keep the truth and ask the same engine that dispatches live.

Nouns: scenario (what is assumed), truth (one day as it will really go), belief (what dispatch is told of it), day (the two
together, tick by tick), measures. Invariant: a decision depends on reports alone, and every cause of chance has its own stream.
"""
