"""Offers with frozen terms, and the trips that accepted offers become.

Nouns: an *offer* asks one driver (directed) or several (broadcast: the first to accept has it); its *terms*
are frozen and hashed when shown; a *trip* is an accepted offer on the road: *stops* in order, *changes* as
visible lines. Invariants: terms never change; one winner; declining or letting an offer run out leaves no
mark but that this delivery is offered to this driver again only for more (``rising``); after acceptance what was offered falls
only by the driver's own doing or the customer's own cancellation.
"""
