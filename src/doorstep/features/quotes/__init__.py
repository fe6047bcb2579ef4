"""Whether a delivery can be promised, by when, and for how much.

Nouns: an *eligibility* is a yes or the reasons against, with the nearest alternative; a *price* is a total
explained line by line; a *quote* is a price and a promise that is honoured until it expires, once, for
exactly the details it was asked for. Invariants: the lines of a price add up to its total; a quote is used
at most once; windows are instants, local only where people read them.
"""
