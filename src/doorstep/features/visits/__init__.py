"""People who walk into a demo: who is inside, as whom, and how fast time runs while they are.

Nouns: a *visit* is one browser inside the demo, as one or several roles; a *wish* is the speed that its person
asked for last (entering asks for the speed of life); the *wheel* is who moves the visitor's car.
Invariants: nothing of it exists outside a demo; the newest wish of those inside decides the speed, and with
nobody inside it is the usual one; the speed never rises while a person reads an offer; a visit ends when its
person leaves or gives no sign of life for ninety real seconds.
"""
