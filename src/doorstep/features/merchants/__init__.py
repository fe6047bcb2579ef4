"""Who has things delivered, and from where.

Nouns: a *merchant* is a tenant of the network with a brand, credit and a tariff; a *store* is a place of
its own in one market with opening hours; *hours* are local, per weekday, with closed days.
Invariants: a merchant sees itself alone; only the operator changes credit, tariff and prepayment; a store
lies in the market that holds its point.
"""
