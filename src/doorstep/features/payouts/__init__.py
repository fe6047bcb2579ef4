"""What drivers earn: computed from the terms that were frozen when the offer was shown.

Nouns: promise (one delivery's share of accepted terms), reckoning (what came due when the work ended),
earning (one line of it), addition (more than was promised: a later tip), promised versus paid.
Invariants: pay is read from frozen terms whose hash still fits; one reckoning per delivery, driver and end;
what was offered never falls except for the driver's own giving back or the customer's own cancellation;
each tip goes wholly to the driver; the difference between promised and paid is told to everybody: zero.
"""
