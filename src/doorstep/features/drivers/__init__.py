"""Who drives, with what, and whether now.

Nouns: a *driver* is an independent person of one market with a vehicle and abilities; *duty* says whether
new offers may reach her. Invariants: going off duty never touches a trip under way, it only stops new
offers; a driver's state changes with a written reason; one phone, one driver.
"""
