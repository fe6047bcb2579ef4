"""Notifications: short texts to a shopper's phone when something about her delivery matters to her.

Nouns: moment (what she is told of), wish (which moments a merchant wants told, and in which language), notification
(one text about one delivery: never two of one moment). Texts speak under the merchant's name; the platform has none.

Invariants: one text at most a delivery and moment, made in the transaction of its event's reaction; what is no longer
true is not sent; the phone's number stands with the delivery alone, here its last four digits.
"""
