"""A shortage of drivers: orders of several stores share a trip, and what is not on board is planned anew at every stop.

Nouns: stop (a pickup or a drop of one order), tour (a driver's stops in sequence). Invariants: a pickup before its
drop, never more on board than the load allows, what is on board or promised to a driver under way stays hers.
"""
