"""Where an address is and how long the way there takes.

Nouns: ``Travel`` (a matrix of driving times, one leg), ``Geocoder`` (an address becomes a point),
``Address``. Adapters: great circle (the default, needs nothing), OSRM (roads from an OpenStreetMap
extract), planar (a recorded day on a plane). For simulated towns: the streets and shops of an extract, and all
ways between many places of it at once. Times are whole seconds, lengths whole metres; a leg from
a place to itself takes none.
"""
