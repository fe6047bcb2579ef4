"""What the operator's people see of a market and may overrule, and the figures that everybody may see.

Nouns: figures (the public counts of a market), timeline (all that happened to one delivery, in one list),
concern (something that gets dearer when left alone), override (a decision by hand, with its reason).
Invariants: an override without a reason is refused; every override is written into the audit in its own
transaction; the figures hold counts and sums alone, nothing of any tenant.
"""
