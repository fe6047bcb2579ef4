"""Waking a driver's phone when an offer comes, while her app sleeps: Web Push (RFC 8030, 8291, 8292).

Nouns: a *subscription* is where her browser's push service takes messages for her phone, with the keys that only that
phone can read them by; a *ring* is one message. Invariants: one phone of a driver is rung, the one she is signed in on;
a ring holds no address and no name, only that an offer waits and until when; it is sent while the offer is open and
never later; nothing is sent to an address that is not public; a subscription its service no longer knows is forgotten.
"""
