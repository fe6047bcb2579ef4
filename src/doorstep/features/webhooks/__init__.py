"""Telling merchants' systems what happens, as in the Standard Webhooks spec.

Nouns: endpoint (an address of a merchant's, with its secrets and the events it wants), message (one event for
one endpoint, under one id for ever), attempt (one try to hand a message over).
Invariants: a message is made in the transaction of its event's reaction and never lost; at one endpoint the
messages of one delivery arrive in order: the next is not tried before the one before was taken, or was given up
after 75 hours and marked; every attempt is signed with all secrets in force; nothing is ever sent to an address
that is not public.
"""
