"""Where, when and under which rules the network runs.

Nouns: a *market* is an area with a time zone and a *stage*; a *service level* is a kind of promise
(express, same-day window, next day) with its rule; a *tariff* is what merchants of one kind pay; *pay
rates* are what drivers earn; *knobs* steer dispatch; a *change* is one line of a market's history.
Invariants: a stage moves only as ``rules.MOVES`` allows; tariffs and pay rates are dated and never
edited, a later one takes over; every change is numbered without gaps and says who, when and why.
"""
