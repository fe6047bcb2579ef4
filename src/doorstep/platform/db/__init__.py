"""The database as the house uses it: rows with their visibility, units of work, schema as a file.

A feature declares its tables as ``Row`` classes in its ``models`` (with who may see what beside them) and
its verbs take a ``Work``: one transaction, one actor, one clock, one source of ids, committed at the edge.
"""

from doorstep.platform.db.rows import HIDDEN, OPEN, Row, Visible
from doorstep.platform.db.work import Database, Role, Work

__all__ = ["HIDDEN", "OPEN", "Database", "Role", "Row", "Visible", "Work"]
