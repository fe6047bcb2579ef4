"""A quote is used once, in time, for what it was given for."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest
from tests.factories.markets import make_market
from tests.factories.merchants import EAST, EAST_POINT, make_merchant, make_store
from tests.factories.network import Network

from doorstep.connectors.maps.protocol import AddressQuery, Located
from doorstep.features.markets.rules import ServiceLevel, TariffKind
from doorstep.features.merchants import queries as merchants
from doorstep.features.quotes import service
from doorstep.features.quotes.errors import (
    NotEligible,
    QuoteExpired,
    QuoteMismatch,
    QuoteUsed,
    UnknownQuote,
)
from doorstep.features.quotes.rules import Quote, fingerprint
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow


async def a_quote(network: Network) -> tuple[service.Request, Quote]:
    async with network.work() as work:
        await make_market(work)
        merchant = await make_merchant(work, kind=TariffKind.GROCERY_OWN)
        store = await make_store(work, merchant.id)
        request = service.Request(store_id=store.id, address=EAST, point=EAST_POINT, cart=Money(40_00))
        return request, await service.quote(work, network.connectors, request)


async def test_the_same_details_found_again_fit_the_quote(network: Network) -> None:
    request, quote = await a_quote(network)
    async with network.work() as work:
        store = await merchants.store(work, request.store_id)
        shouted = replace(request, address=replace(EAST, line1=EAST.line1.upper()))
        found = await network.connectors.geocoder.locate(
            AddressQuery(address=shouted.address, point=shouted.point)
        )
        assert isinstance(found, Located)
        details = fingerprint(service.wanted(shouted, store, found))
        taken = await service.take(work, quote.id, details)
    assert taken.used_at == network.clock.market_now()
    assert replace(taken, used_at=None) == quote


async def test_of_twenty_at_once_one_has_it(network: Network) -> None:
    _, quote = await a_quote(network)
    merchant = Actor(Audience.MERCHANT, subject=quote.merchant_id, tenant=quote.merchant_id)

    async def attempt() -> bool:
        try:
            async with network.work(merchant) as work:
                await service.take(work, quote.id, quote.fingerprint)
        except QuoteUsed:
            return False
        return True

    attempts: list[Awaitable[bool]] = [attempt() for _ in range(20)]
    assert sorted(await asyncio.gather(*attempts)) == [False] * 19 + [True]


async def test_expiry_itself_is_too_late_a_second_before_is_not(network: Network) -> None:
    _, quote = await a_quote(network)
    network.clock.move_to(quote.expires_at)
    async with network.work() as work:
        with pytest.raises(QuoteExpired) as refused:
            await service.take(work, quote.id, quote.fingerprint)
    assert refused.value.facts == {"expired_at": "2026-11-21T17:15:00+00:00"}


async def test_a_second_before_expiry_it_is_honoured(network: Network) -> None:
    _, quote = await a_quote(network)
    network.clock.advance(15 * 60 - 1)
    async with network.work() as work:
        assert (await service.take(work, quote.id, quote.fingerprint)).price.total == Money(9_95)


async def test_other_details_do_not_spend_it(network: Network) -> None:
    _, quote = await a_quote(network)
    fuller = fingerprint(replace(quote.wanted, cart=Money(41_00)))
    async with network.work() as work:
        with pytest.raises(QuoteMismatch):
            await service.take(work, quote.id, fuller)
        await service.take(work, quote.id, quote.fingerprint)
        with pytest.raises(QuoteUsed):
            await service.take(work, quote.id, quote.fingerprint)


async def test_another_merchant_cannot_take_it(network: Network) -> None:
    _, quote = await a_quote(network)
    async with network.work() as work:
        rival = await make_merchant(work, name="Rival")
    async with network.work(Actor(Audience.MERCHANT, subject=rival.id, tenant=rival.id)) as work:
        with pytest.raises(UnknownQuote):
            await service.take(work, quote.id, quote.fingerprint)


async def test_without_a_quote_the_same_promise_and_price_are_agreed(network: Network) -> None:
    request, quote = await a_quote(network)
    async with network.work() as work:
        store = await merchants.store(work, request.store_id)
        found, leg = await service.locate_and_measure(
            network.connectors, store, AddressQuery(address=EAST, point=EAST_POINT), work.now()
        )
        agreed = await service.assess(work, store, request, found, leg)
        assert (agreed.promise, agreed.price) == (quote.promise, quote.price)
        assert leg == quote.leg
        assert leg is not None
        assert await service.price_now(work, store, leg, None, Money(40_00), work.now()) == quote.price
        soon = TimeWindow(work.now(), MarketInstant(quote.expires_at))
        with pytest.raises(NotEligible) as refused:
            await service.assess(
                work, store, replace(request, level=ServiceLevel.WINDOW, window=soon), found, leg
            )
    assert [r["code"] for r in refused.value.facts["reasons"]] == ["window_too_short"]
