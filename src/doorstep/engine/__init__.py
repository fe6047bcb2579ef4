"""The dispatch engine: pure, seeded, replayable (DESIGN law 6).

``decide(world, travel, params, now_s, seed)`` is the only way in. It keeps a chained plan of the next trips of every
driver over all open orders, polishes it each tick and acts on each driver's first trip only, as late as possible.
Nouns: order, driver, trip, plan, world (what we believe), send (a driver should be asked now), reason.
Invariants: no order twice; hard limits never broken; same input, same output, bit for bit; no clock, no I/O.
"""
