"""Who is asking: the audiences, the actor of a unit of work, and the gate that tells them apart.

How credentials are kept and checked belongs to ``features.identity``; here are only the words and the
FastAPI dependencies that every route uses.
"""

from doorstep.platform.auth.actors import SYSTEM, Actor, Audience, system

__all__ = ["SYSTEM", "Actor", "Audience", "system"]
