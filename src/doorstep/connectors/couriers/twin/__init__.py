"""A working courier network: its own process, its own HTTP API, simulated couriers, signed webhooks.

It is what a demo and the tests book instead of a company, and it can be as slow, unreliable and
untruthful as one: ``POST /twin/behaviour``. Run it with ``python -m doorstep.connectors.couriers.twin``.
"""
