"""Who may enter: keys, people, sign-in codes, tracking tokens.

Nouns: a *key* lets software in (merchants, providers), a *session* a person (staff, merchant users,
drivers), a *code* proves a driver's phone, a *tracking token* shows one delivery to whoever holds it.
Invariants: no secret is stored, only its digest; a credential is good for one audience alone; what is
revoked is refused from the commit on; all times here are real time.
"""
