"""The living demo market: invented people who use the same public HTTP API that real ones use.

``founding`` makes the places, shops and drivers; ``script`` is what the actors are handed; every other room
is one kind of actor. Nobody here looks into the database: what an actor knows it was told by the API.
"""
