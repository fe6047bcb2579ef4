"""Laws of the ledger under any sequence of verbs, on the real database."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories.ledger import NOON, a_fee, usd
from tests.factories.network import Network

from doorstep.features.ledger import queries, service
from doorstep.features.ledger.rules import Entry, Posting, account
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Refusal


@dataclass(frozen=True)
class Step:
    """One verb asked of the ledger about one of a few facts."""

    verb: str
    fact: int
    minor: int


STEPS = st.lists(
    st.builds(
        Step,
        verb=st.sampled_from(["post", "reserve", "settle", "void", "reverse"]),
        fact=st.integers(0, 3),
        minor=st.sampled_from([1, 995, 10**12]),
    ),
    max_size=14,
)


async def take(work: Work, shop: UUID, step: Step) -> None:
    fact = f"law:{shop}:{step.fact}"
    if step.verb == "post":
        await service.post(work, a_fee(fact, shop, step.minor))
    elif step.verb == "reserve":
        await service.reserve(work, a_fee(fact, shop, step.minor))
    elif step.verb == "settle":
        await service.settle(work, fact, a_fee(f"{fact}:settled", shop, step.minor))
    elif step.verb == "void":
        await service.void(work, fact)
    else:
        await service.reverse(work, fact, "law")


async def run(network: Network, shop: UUID, steps: list[Step]) -> list[str]:
    answers = []
    for step in steps:
        try:
            async with network.work() as work:
                await take(work, shop, step)
            answers.append("done")
        except Refusal as refusal:
            answers.append(refusal.code)
    return answers


async def totals(network: Network, shop: UUID) -> tuple[int, int, int]:
    """(what the shop owes, its posted balance, the sum over all its transactions' entries)."""
    async with network.work() as work:
        entries = await queries.entries_of(work, f"law:{shop}")
        entries += await queries.entries_of(work, f"reversal:law:{shop}")
        balance = await queries.balance(work, account("merchant:{id}:receivable", shop))
        return (await queries.owed(work, shop)).minor, balance.minor, sum(e.amount.minor for e in entries)


@given(STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_sequence_sums_to_zero_and_told_twice_changes_nothing(
    network: Network, steps: list[Step]
) -> None:
    shop = uuid4()
    await run(network, shop, steps)
    once = await totals(network, shop)
    assert once[2] == 0
    await run(network, shop, [step for step in steps if step.verb in {"post", "reserve"}])
    assert (await totals(network, shop))[2] == 0
    again = await run(network, shop, steps)
    after = await totals(network, shop)
    assert await run(network, shop, steps) == again  # nothing is left that a further telling could change
    assert await totals(network, shop) == after
    async with network.work() as work:
        assert await queries.difference_minor(work) == 0


@given(
    whole=st.integers(1, 10**12),
    weights=st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_sum_split_among_drivers_comes_back_whole(
    network: Network, whole: int, weights: list[int]
) -> None:
    parts = [part for part in usd(whole).split(weights) if part]
    drivers = [uuid4() for _ in parts]
    entries = tuple(
        Entry(account("driver:{id}:tips", driver), -part) for driver, part in zip(drivers, parts, strict=True)
    )
    posting = Posting(
        f"split:{uuid4()}", "tip", (Entry("cash:operating", usd(whole)), *entries), "a shared tip", NOON
    )
    async with network.work() as work:
        await service.post(work, posting)
    async with network.work() as work:
        held = [await queries.balance(work, account("driver:{id}:tips", driver)) for driver in drivers]
        assert -sum(amount.minor for amount in held) == whole
