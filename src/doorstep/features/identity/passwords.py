"""Passwords: argon2id, off the event loop, never more than two at once.

Parameters: OWASP Password Storage Cheat Sheet, argon2id with 19 MiB, two passes, one lane. The pool of two
threads is the bound: a flood of sign-ins waits in line and cannot take the machine's memory.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# What is checked where nobody has that e-mail, so that the answer takes as long as for somebody who is here.
_NOBODY = _HASHER.hash("nobody has this password")


async def hashed(password: str) -> str:
    """The argon2id hash of ``password``, with its parameters and salt."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


async def fits(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``stored``; takes as long for None, which is always false."""
    good = await asyncio.get_running_loop().run_in_executor(
        _POOL, partial(_verify, stored or _NOBODY, password)
    )
    return good and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
