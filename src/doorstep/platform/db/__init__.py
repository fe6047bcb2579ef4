"""The database as the house uses it: rows with their visibility, units of work, schema as a file.

A feature declares its tables as ``Row`` classes in its ``models`` (``platform.db.rows``; who may see what
stands beside them) and its verbs take a ``Work`` (``platform.db.work``): one transaction, one actor, one
clock, one source of ids, committed at the edge. Import from those modules: jobs stand between the two.
"""
