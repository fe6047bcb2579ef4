"""What is needed no longer goes; what may still be asked for stays."""

from sqlalchemy import text
from tests.factories.network import Network

from doorstep.platform import forgetting
from doorstep.platform.auth.actors import SYSTEM
from doorstep.platform.db.rows import Row

DAY_S = 24 * 3600


async def _keys(network: Network, *names: str) -> None:
    async with network.work(SYSTEM) as work:
        for name in names:
            await work.session.execute(
                text(
                    "INSERT INTO idempotency_keys VALUES (gen_random_uuid(), 'POST /v1/deliveries', :key, '', 201, '', :at)"
                ),
                {"key": name, "at": work.wall()},
            )


async def _left(network: Network) -> list[str]:
    async with network.work(SYSTEM) as work:
        return list(await work.session.scalars(text("SELECT key FROM idempotency_keys ORDER BY key")))


async def test_a_key_is_remembered_for_seven_days_and_no_longer(network: Network) -> None:
    await _keys(network, "monday")
    network.clock.advance(5 * DAY_S)
    await _keys(network, "saturday")
    async with network.work(SYSTEM) as work:
        assert not any((await forgetting.forget(work)).values())
    network.clock.advance(3 * DAY_S)
    async with network.work(SYSTEM) as work:
        assert (await forgetting.forget(work))["idempotency_keys"] == 1
    assert await _left(network) == ["saturday"]


def test_every_condition_speaks_of_a_time() -> None:
    conditions = [mapper.class_.__forgotten__ for mapper in Row.registry.mappers]
    assert sum(map(bool, conditions)) >= 4
    assert all(":market" in one or ":wall" in one for one in conditions if one)
