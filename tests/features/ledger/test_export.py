"""Another program checks our sums."""

import re
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from beancount import loader
from beancount.core import realization
from beancount.ops import validation
from tests.factories.ledger import a_fee, a_posting
from tests.factories.network import Network

from doorstep.features.ledger import queries, service
from doorstep.features.ledger.export import beancount_account, decimal, export_beancount
from doorstep.features.ledger.rules import CHART, account


async def a_busy_day(network: Network) -> None:
    shop, other, driver = uuid4(), uuid4(), uuid4()
    async with network.work() as work:
        await service.reserve(work, a_fee("reserve:never", other, 12345))
        for number in range(8):
            fact = f"delivery:{number}"
            await service.reserve(work, a_fee(f"{fact}:reserve", shop, 1295))
            settled = a_posting(
                f"{fact}:fee",
                (account("merchant:{id}:receivable", shop), 1295),
                ("fees:delivery", -995),
                (account("driver:{id}:tips", driver), -300),
                memo='Tip for "quick \\ kind" service\n2026-01-01 open Assets:Trick',
                delivery_id=uuid4(),
            )
            await service.settle(work, f"{fact}:reserve", settled)
        await service.post(
            work, a_posting("pay:1", ("driver-pay", 735), (account("driver:{id}:payable", driver), -735))
        )
        await service.reverse(work, "delivery:3:fee", "never arrived")
        network.clock.advance(86_400 * 3)
        await service.post(
            work,
            a_posting(
                "wire:1", ("cash:operating", 5000), (account("merchant:{id}:receivable", shop), -5000),
                at=work.now(),
            ),
        )  # fmt: skip


def check(text: str, folder: Path) -> tuple[list[str], dict[str, Decimal]]:
    """Errors and balances as ``bean-check`` finds them."""
    file = folder / "ledger.beancount"
    file.write_text(text)
    entries, errors, _ = loader.load_file(str(file), extra_validations=validation.HARDCORE_VALIDATIONS)
    tree = realization.realize(entries)  # type: ignore[no-untyped-call]
    balances = {
        found.account: sum((position.units.number for position in found.balance), Decimal(0))
        for found in realization.iter_children(tree)  # type: ignore[no-untyped-call]
        if found.txn_postings
    }
    return [str(error.message) for error in errors], balances


async def test_beancount_accepts_the_ledger_and_finds_the_same_balances(
    network: Network, tmp_path: Path
) -> None:
    await a_busy_day(network)
    async with network.work() as work:
        text = await export_beancount(work)
        ours = {
            beancount_account(line.account): Decimal(line.balance_minor) / 100
            for line in await queries.trial(work)
        }
    errors, theirs = check(text, tmp_path)
    assert errors == []
    assert theirs == ours
    assert len(ours) == 6
    assert "reserve" not in text


async def test_beancount_finds_one_cent(network: Network, tmp_path: Path) -> None:
    await a_busy_day(network)
    async with network.work() as work:
        text = await export_beancount(work)
    one_leg = text.replace("  Expenses:Driver-pay  7.35 USD", "  Expenses:Driver-pay  7.36 USD", 1)
    errors, _ = check(one_leg, tmp_path)
    assert any("does not balance" in error for error in errors)
    both_legs = re.sub(r"(Expenses:Driver-pay  )7\.35( USD\n.*-)7\.35", r"\g<1>7.36\g<2>7.36", text, count=1)
    assert both_legs != text
    errors, _ = check(both_legs, tmp_path)
    assert [error.split("'")[1].split(":")[0] for error in errors if "Balance failed" in error] == [
        "Expenses",
        "Liabilities",
    ]


async def test_an_empty_ledger_is_a_legal_file(network: Network, tmp_path: Path) -> None:
    async with network.work() as work:
        assert check(await export_beancount(work), tmp_path) == ([], {})


def test_every_account_of_the_chart_has_a_name_of_its_own() -> None:
    names = [beancount_account(account(k.name, SHOP if "{id}" in k.name else None)) for k in CHART]
    assert len(set(names)) == len(CHART)
    legal = re.compile(r"(Assets|Liabilities|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
    assert all(legal.fullmatch(name) for name in names)


SHOP = uuid4()


def test_minor_units_become_decimals() -> None:
    assert [decimal(minor) for minor in (0, 5, -5, 105, -12345)] == [
        "0.00",
        "0.05",
        "-0.05",
        "1.05",
        "-123.45",
    ]
