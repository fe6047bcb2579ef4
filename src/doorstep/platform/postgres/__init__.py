"""The embedded PostgreSQL: found, started, guarded, stopped; its roles; copies of its data.

Nouns: server binaries (where PostgreSQL is), identity (as whom it runs), owner (the process that started the
server and holds its lock), attached (a process that uses the owner's server), serving roles (web, system).
Invariants: one server per state directory; reachable through a socket in a 0700 folder alone unless TCP is asked
for; every password random and in one 0600 file; the server ends with its owner; a serving role never owns a table,
is never a superuser and never bypasses row-level security.
"""
