"""Acts by hand are written down and cannot be rewritten unseen."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.conftest import Server
from tests.factories.network import Network

from doorstep.platform import audit
from doorstep.platform.auth.actors import Actor, Audience

OWNER = Actor(Audience.STAFF, roles=frozenset({"owner"}), label="Ada")


async def _three_acts(network: Network) -> None:
    for number in range(3):
        async with network.work(OWNER) as work:
            await audit.record(work, "market.pause", f"mkt_{number}", before={"stage": "open"}, reason="snow")


async def test_the_chain_holds(network: Network) -> None:
    await _three_acts(network)
    async with network.work() as work:
        assert await audit.verify(work) is None


@pytest.mark.parametrize("role", ["web", "system"])
async def test_serving_roles_cannot_rewrite(network: Network, role: str) -> None:
    await _three_acts(network)
    with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
        async with network.work(OWNER if role == "web" else Actor(Audience.SYSTEM)) as work:
            await work.session.execute(text("UPDATE audit SET reason = 'rain'"))


@pytest.mark.no_markets
async def test_a_record_altered_behind_our_back_is_found(
    network: Network, server: Server, database_name: str
) -> None:
    await _three_acts(network)
    intruder = await asyncpg.connect(server.url(database_name))
    await intruder.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
    await intruder.execute("UPDATE audit SET reason = 'rain' WHERE subject = 'mkt_1'")
    await intruder.close()
    async with network.work() as work:
        broken = await audit.verify(work)
    assert broken is not None
    assert broken.record_id == 2


async def test_records_cut_off_at_the_end_are_found(
    network: Network, server: Server, database_name: str
) -> None:
    await _three_acts(network)
    intruder = await asyncpg.connect(server.url(database_name))
    await intruder.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
    await intruder.execute("DELETE FROM audit WHERE subject = 'mkt_2'")
    await intruder.close()
    async with network.work() as work:
        assert await audit.verify(work) is not None
