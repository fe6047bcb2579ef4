"""Passwords: argon2id, two at once at most, as slow for nobody as for somebody."""

import asyncio
import threading

from argon2 import extract_parameters
from argon2.low_level import Type

from doorstep.features.identity import passwords


async def test_a_password_fits_its_own_hash_alone() -> None:
    stored = await passwords.hashed("correct horse battery staple")
    assert await passwords.fits(stored, "correct horse battery staple")
    assert not await passwords.fits(stored, "correct horse battery stapler")
    assert not await passwords.fits("no hash at all", "anything")
    assert stored != await passwords.hashed("correct horse battery staple")


async def test_the_parameters_are_at_least_what_owasp_asks() -> None:
    parameters = extract_parameters(await passwords.hashed("x"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


async def test_nobody_signs_in_with_the_password_nobody_has() -> None:
    assert not await passwords.fits(None, "nobody has this password")


async def test_a_flood_of_sign_ins_computes_two_hashes_at_once() -> None:
    await asyncio.gather(*(passwords.fits(None, f"guess {n}") for n in range(12)))
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("argon2")]) <= 2
