"""Outside courier companies: who they are, what was agreed with them, the jobs they carry for us.

Nouns: provider (a company), deal (what it carries where, from when to when, for how much), job (one attempt to
have one delivery carried).
Invariants: at most one job of a delivery is live; whatever a booking's answer was, it is looked up under our own
reference before anything is tried again; what a webhook says is never believed, only taken as a reason to ask; a
courier who is not needed is called off until the company has confirmed it; every job that ends tells its cost once.
"""
