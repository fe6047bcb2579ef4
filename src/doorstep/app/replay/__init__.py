"""A recorded day sent through the real thing: HTTP, database, dispatch, offers, reports, money.

Opens a market of its own in a fresh database, lays the day's plane at a fixed origin, ticks every market
minute; couriers accept at once and follow the day's exact physics. Its measures stand beside those of the
pure engine on the same day, travel, ticks and seed.
"""
