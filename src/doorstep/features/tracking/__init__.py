"""The shopper's view of one delivery, for whoever holds its link.

Nouns: view (what the shopper sees), estimate (a range, its age, and what it rests on), arrival plan (when the
carrier's own stops let the door expect her).
Invariants: never a point where we know a range; a position only between pickup and drop-off, and only on the
leg to this door, rounded until near; never a last name, phone, plate, another stop, a price, another order or
the platform's name; the link dies 24 hours of market time after the end.
"""
