"""What the database refuses, whoever asks."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from tests.factories.ledger import NOON, a_fee, a_posting
from tests.factories.network import Network

from doorstep.features.ledger import queries, service
from doorstep.features.ledger.models import EntryRow, TransactionRow
from doorstep.features.ledger.rules import account
from doorstep.platform.auth.actors import SYSTEM, Actor, Audience
from doorstep.platform.db.work import Work

STAFF = Actor(Audience.STAFF, subject=UUID(int=5), roles=frozenset({"finance"}))
TABLES = ("ledger_transactions", "ledger_entries", "ledger_closures")


def merchant(tenant: UUID) -> Actor:
    return Actor(Audience.MERCHANT, subject=tenant, tenant=tenant)


async def write(work: Work, *amounts: int, lines: int | None = None, currency: str = "USD") -> UUID:
    """Rows as a careless programmer would write them, past every rule in Python."""
    one: dict[str, Any] = {"pending": False, "owner_kind": "platform", "owner_id": None, "delivery_id": None}
    made = work.new_id()
    await work.session.execute(
        insert(TransactionRow).values(
            id=made,
            fact=str(made),
            kind="test",
            state="posted",
            lines=lines or len(amounts),
            content_hash="",
            memo="",
            at=NOON,
        )
    )
    if amounts:
        await work.session.execute(
            insert(EntryRow).values(
                [
                    {
                        "transaction_id": made,
                        "line": line,
                        "account": "refunds",
                        "amount_minor": minor,
                        "currency": currency,
                        "at": NOON,
                        **one,
                    }
                    for line, minor in enumerate(amounts)
                ]
            )
        )
    return made


@pytest.mark.parametrize("actor", [SYSTEM, STAFF], ids=["system", "web"])
@pytest.mark.parametrize(
    ("amounts", "lines"),
    [((100, -99), None), ((5, -5), 3), ((), 2)],
    ids=["a cent off", "a line short", "empty"],
)
async def test_an_uneven_transaction_cannot_be_committed(
    network: Network, actor: Actor, amounts: tuple[int, ...], lines: int | None
) -> None:
    with pytest.raises(DBAPIError, match=r"does not balance|entries"):
        async with network.work(actor) as work:
            await write(work, *amounts, lines=lines)
    async with network.work() as work:
        assert await queries.trial(work) == []


async def test_two_currencies_do_not_make_up_for_each_other(network: Network) -> None:
    async with network.system.work(SYSTEM) as work:
        made = await write(work, 7, lines=2)
        await work.session.execute(
            text(
                "INSERT INTO ledger_entries SELECT transaction_id, 1, account, -7, 'CAD', pending, owner_kind,"
                " owner_id, delivery_id, at FROM ledger_entries WHERE transaction_id = :id"
            ),
            {"id": made},
        )
        with pytest.raises(DBAPIError, match="does not balance"):
            await work.session.commit()
        await work.session.rollback()


async def test_even_a_balanced_pair_cannot_be_slipped_into_an_old_transaction(network: Network) -> None:
    async with network.work() as work:
        made = await write(work, 10, -10)
    with pytest.raises(DBAPIError, match="has 4 of 2 entries"):
        async with network.work() as work:
            await work.session.execute(
                text(
                    "INSERT INTO ledger_entries SELECT transaction_id, line + 2, account, amount_minor, currency,"
                    " pending, owner_kind, owner_id, delivery_id, at FROM ledger_entries WHERE transaction_id = :id"
                ),
                {"id": made},
            )


@pytest.mark.parametrize("actor", [SYSTEM, STAFF], ids=["system", "web"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_serving_roles_may_not_edit(network: Network, actor: Actor, table: str, verb: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with network.work(actor) as work:
            await work.session.execute(text(verb.format(table)))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_not_even_the_owner_of_the_tables_may_edit(
    network: Network, server: Any, database_name: str, table: str, verb: str
) -> None:
    async with network.work() as work:
        await service.reserve(work, a_fee("reserve:a", uuid4(), 100))
        await service.void(work, "reserve:a")
    connection = await asyncpg.connect(server.url(database_name, "doorstep_owner"))
    try:
        with pytest.raises(asyncpg.PostgresError, match="never edited"):
            await connection.execute(verb.format(table))
    finally:
        await connection.close()


async def test_the_kept_balance_is_out_of_reach(network: Network) -> None:
    shop = uuid4()
    async with network.work() as work:
        await service.post(work, a_fee("fee:a", shop, 100))
    for actor in (SYSTEM, STAFF, merchant(shop)):
        for verb in (
            "UPDATE ledger_owed SET posted_minor = 0",
            "DELETE FROM ledger_owed",
            "TRUNCATE ledger_owed",
        ):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with network.work(actor) as work:
                    await work.session.execute(text(verb))


async def test_a_merchant_writes_platform_entries_and_reads_only_its_own(network: Network) -> None:
    mine, other, driver = uuid4(), uuid4(), uuid4()
    async with network.work() as work:
        await service.post(work, a_fee("fee:other", other, 700))
        await service.post(
            work,
            a_posting("pay:1", ("driver-pay", 900), (account("driver:{id}:payable", driver), -900)),
        )
    async with network.work(merchant(mine)) as work:
        await service.reserve(work, a_fee("fee:mine", mine, 995))
    async with network.work(merchant(mine)) as work:
        await service.reserve(work, a_fee("fee:mine", mine, 995))  # heard twice
        assert [e.amount.minor for e in await queries.entries_of(work, "")] == [995]
        assert (await queries.owed(work, mine)).minor == 995
        assert (await queries.owed(work, other)).minor == 0
    with pytest.raises(DBAPIError, match="row-level security"):
        async with network.work(merchant(mine)) as work:
            await service.post(work, a_fee("fee:x", other, 1))
    with pytest.raises(DBAPIError, match="another merchant"):
        async with network.work(merchant(mine)) as work:
            await service.lock_owed(work, other, "USD")
    async with network.work(Actor(Audience.DRIVER, subject=driver)) as work:
        seen = await work.session.execute(text("SELECT account, amount_minor FROM ledger_entries"))
        assert [tuple(row) for row in seen] == [(account("driver:{id}:payable", driver), -900)]
    async with network.work(Actor(Audience.PUBLIC)) as work:
        assert (await work.session.execute(text("SELECT count(*) FROM ledger_entries"))).scalar_one() == 0
        assert await queries.difference_minor(work) == 0
