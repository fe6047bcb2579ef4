"""The shopper's page on paper: every state in both languages, escaped, in order, readable in every brand."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.network import START

from doorstep.app.faces.built import Entry
from doorstep.app.faces.track import page
from doorstep.app.faces.track.brand import shades
from doorstep.app.faces.track.parts import Scene, head, parts
from doorstep.app.faces.track.speech import Lang, Speech, chosen
from doorstep.features.deliveries.rules import FINAL, WAITING, DeliveryState, TipStatus
from doorstep.features.merchants.rules import READABLE, Brand, contrast
from doorstep.features.tracking import rules
from doorstep.features.tracking.rules import Basis, Estimate, ShopperView
from doorstep.units.geo import LatLng
from doorstep.units.ids import MarketId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

NOW = MarketInstant(START)
SHOP, DOOR = LatLng(lat=36.1592, lng=-86.7785), LatLng(lat=36.1372, lng=-86.7934)
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def later(minutes: float) -> MarketInstant:
    return MarketInstant(NOW + timedelta(minutes=minutes))


def view(state: DeliveryState = DeliveryState.ENROUTE_TO_DROPOFF, **changes: object) -> ShopperView:
    step = rules.step(state)
    waiting, ended = state in WAITING, state in FINAL
    awaited = step in {rules.Step.BOOKED, rules.Step.COLLECTING, rules.Step.ON_THE_WAY}
    fields: dict[str, object] = {
        "state": state, "step": step, "sentence": "", "merchant": "Juniper & Daughters", "brand": Brand(colour="#a81f3d"),
        "market_id": MarketId(UUID(int=7)), "order": "JC-1", "items": 2,
        "shop": rules.Shop(name="Juniper", address="2409 12th Ave S, Nashville", point=SHOP), "door": DOOR,
        "requirements": frozenset({"pin", "age_21"}), "doors_before": 0, "booked_at": later(-30),
        "picked_up_at": None if waiting else later(-11), "reached_at": None, "shopper": "Hannah",
        "timezone": "America/Chicago", "due_at": later(15),
        "estimate": Estimate(later(12), later(20), Basis.POSITION, later(-1 / 3)) if awaited else None,
        "position": rules.seen(SHOP, later(-1 / 3), DOOR, 8) if state is DeliveryState.ENROUTE_TO_DROPOFF else None,
        "driver": "" if waiting else "Marisol", "vehicle": "Grey Corolla", "pin": None if ended else "4471",
        "instructions": "Side porch", "may_instruct": not ended, "tip": Money(560), "tip_limit": Money(100_00), "tip_status": TipStatus.PENDING,
        "may_tip": state not in {DeliveryState.CANCELLED, DeliveryState.EXPIRED}, "tip_only_rises": not waiting,
        "proofs": (), "ended_at": NOW if ended else None, "now": NOW,
    }  # fmt: skip
    return ShopperView(**(fields | changes))  # type: ignore[arg-type]


def scene(of: ShopperView, lang: Lang = Lang.EN) -> Scene:
    return Scene(of, Speech(lang, of.timezone), "/track/TOKEN", "TOKEN")


class Elements(HTMLParser):
    """Every element of a page with the names of its attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


@pytest.mark.parametrize(("state", "lang"), list(product(DeliveryState, Lang)))
def test_every_state_is_told_whole_in_every_language(state: DeliveryState, lang: Lang) -> None:
    written = parts(scene(view(state), lang))
    assert list(written) == [
        "eta",
        "photos",
        "steps",
        "needs",
        "person",
        "note",
        "note_said",
        "tip",
        "tip_said",
    ]
    whole = "".join(written.values())
    assert head(scene(view(state), lang))
    assert "{" not in text(whole), "a blank was left open"
    assert "doorstep" not in whole.lower()
    assert whole.count("<h1>") == 1
    assert "$5.60" in whole
    steps = re.findall(r"<li[^>]*>", written["steps"])
    assert 2 <= len(steps) <= 4


class TestPromise:
    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [
            (3, 12, "Promised by 11:15 am."),
            (12, 20, "Promised by 11:15 am, and it may be a few minutes late."),
            (20, 30, "Promised by 11:15 am. It comes later, sorry."),
        ],
    )
    def test_it_is_said_beside_the_range(self, first: float, last: float, words: str) -> None:
        of = view(estimate=Estimate(later(first), later(last), Basis.PLAN, NOW))
        assert words in text(parts(scene(of))["eta"]).replace("\u00a0", " ")

    def test_what_came_late_is_owned(self) -> None:
        of = view(DeliveryState.DELIVERED, ended_at=later(0), due_at=later(-20))
        assert "later than promised" in text(parts(scene(of))["eta"])

    def test_a_range_over_noon_names_both_halves(self) -> None:
        speech = Speech(Lang.EN, "America/Chicago")
        assert speech.range(later(50), later(70)) == ("11:50\u00a0am–12:10", "pm")
        assert speech.range(later(5), later(15)) == ("11:05–11:15", "am")


class TestWhatPeopleWrote:
    @given(st.text(min_size=1, max_size=40))
    def test_it_changes_no_element_of_the_page(self, words: str) -> None:
        def drawn(said: str) -> list[tuple[str, tuple[str, ...]]]:
            of = view(merchant=said, driver=said, vehicle=said, instructions=said, order=said, pin=said)
            whole = page.whole(scene(of), page.Around(Entry("/assets/t.js", (), ""), "nonce", 1.0))
            return Elements(whole).found

        assert drawn(words) == drawn("x")

    def test_a_script_stays_words(self) -> None:
        wild = "</script><script>alert(1)</script>"
        of = view(merchant=wild, driver=wild, vehicle=wild, instructions=wild, order=wild, pin=wild)
        drawn = page.whole(scene(of), page.Around(Entry("/assets/t.js", (), ""), "nonce", 1.0))
        assert "<script>alert" not in drawn
        assert drawn.count("</script>") == 2, "our own two, and no other"


class TestTip:
    def test_the_first_tip_is_chosen_whole_and_a_later_one_added(self) -> None:
        first = parts(scene(view(tip=Money(0))))["tip"]
        assert re.findall(r'value="(\d+)"', first) == ["200", "400", "600"]
        assert "in €" in parts(scene(view(tip=Money(0, "EUR"), tip_limit=Money(100_00, "EUR"))))["tip"]
        more = parts(scene(view(tip=Money(560))))["tip"]
        assert re.findall(r'value="(\d+)"', more) == ["660", "760", "960"]

    def test_its_rule_is_said(self) -> None:
        assert (
            "You can change it until somebody has accepted."
            in parts(scene(view(DeliveryState.REQUESTED)))["tip"]
        )
        assert "It can only go up now." in parts(scene(view()))["tip"]
        done = parts(scene(view(DeliveryState.DELIVERED)))["tip"]
        assert "Open until Sun\u00a011:00\u00a0am." in done
        over = parts(scene(view(DeliveryState.DELIVERED, may_tip=False)))["tip"]
        assert "It can no longer change." in over
        assert "<form" not in over


class TestBrand:
    @given(colours, colours)
    def test_every_colour_makes_a_page_that_can_be_read(self, colour: str, text_colour: str) -> None:
        for dark in (False, True):
            made = shades(Brand(colour=colour, text_colour=text_colour), dark=dark)
            ink = "#f5ece5" if dark else "#2a1d2b"
            for ground in (made.paper, made.surface, made.soft):
                assert contrast(made.brand, ground) >= READABLE
                assert contrast(ink, ground) >= READABLE
            assert contrast(made.on_brand, made.brand) >= READABLE

    def test_a_colour_that_can_be_read_stays_as_it_is(self) -> None:
        assert shades(Brand(colour="#a81f3d"), dark=False).brand == "#a81f3d"

    def test_a_logo_is_the_only_foreign_thing_a_page_loads(self) -> None:
        assert page.logo_origin(Brand(logo_url="https://cdn.example/logo.svg")) == " https://cdn.example"
        assert page.logo_origin(Brand()) == ""


class TestLanguage:
    @pytest.mark.parametrize(
        ("asked", "header", "found"),
        [
            (None, "es-MX,es;q=0.9,en;q=0.8", Lang.ES),
            (None, "fr-FR,fr;q=0.9,es;q=0.4,en;q=0.3", Lang.ES),
            (None, "en;q=0.5, es;q=0.4", Lang.EN),
            (None, "es;q=0", Lang.EN),
            (None, "", Lang.EN),
            ("en", "es", Lang.EN),
            ("xx", "es", Lang.ES),
        ],
    )
    def test_what_was_chosen_comes_before_what_the_browser_asks(
        self, asked: str | None, header: str, found: Lang
    ) -> None:
        assert chosen(asked, header) is found

    @given(st.text(max_size=60))
    def test_any_header_finds_a_language(self, header: str) -> None:
        assert chosen(None, header) in Lang


class TestFigures:
    def test_ages_ways_and_money(self) -> None:
        speech = Speech(Lang.EN, "America/Chicago")
        assert [speech.age(s) for s in (0, 59, 60, 3599, 7300)] == [
            f"{n}\u00a0{u}" for n, u in ((1, "s"), (59, "s"), (1, "min"), (59, "min"), (2, "h"))
        ]
        assert [speech.distance(m) for m in (10, 58, 152, 5000)] == [
            "50\u00a0ft", "200\u00a0ft", "500\u00a0ft", "3.1\u00a0mi",
        ]  # fmt: skip
        assert [speech.money(Money(m)) for m in (0, 560, 123456, -300)] == [
            "$0.00",
            "$5.60",
            "$1,234.56",
            "−$3.00",
        ]
        assert [speech.money(Money(560, currency)) for currency in ("EUR", "CHF")] == [
            "€5.60",
            "CHF\u00a05.60",
        ]

    def test_another_day_is_named(self) -> None:
        speech = Speech(Lang.ES, "America/Chicago")
        assert [speech.vehicle(car) for car in ("blue CR-V", "CR-V", "teal CR-V", "")] == [
            "CR-V azul", "CR-V", "teal CR-V", "",
        ]  # fmt: skip
        assert speech.moment(later(24 * 60), NOW) == "dom\u00a011:00\u00a0a.m."
        assert speech.moment(later(9 * 24 * 60), NOW) == "30\u00a0nov\u00a011:00\u00a0a.m."

    def test_an_abbreviation_at_the_end_needs_no_second_full_stop(self) -> None:
        speech = Speech(Lang.ES, "America/Chicago")
        assert speech.plain("promise.kept", promised=speech.time(NOW)).endswith("a.m.</b>")

    @pytest.mark.parametrize(
        ("minutes", "said"),
        [
            (0, "antes de las 11:00"),
            (130, "antes de la 1:10"),
            (24 * 60, "antes del dom"),
            (9 * 24 * 60, "antes del 30 nov"),
        ],
    )
    def test_spanish_articles_agree_with_the_clock(self, minutes: float, said: str) -> None:
        speech = Speech(Lang.ES, "America/Chicago")
        told = speech.html("promise.kept", promised=speech.moment(later(minutes), NOW))
        assert said in told.replace("\u00a0", " ")


def test_a_position_appears_with_how_sure_it_is() -> None:
    of = view()
    told = page.state(scene(of), 30.0)
    assert told["map"]["within_m"] == 58  # type: ignore[index]
    assert page.state(scene(replace(of, position=None)), 1.0)["map"] is None


def test_a_map_of_somebody_elses_names_them() -> None:
    around = page.Around(Entry("/assets/t.js", (), ""), "nonce", 1.0)
    own = scene(view())
    assert '<small class="att">own map, not for navigation</small>' in page.whole(own, around)
    named = page.whole(replace(own, credit="© OpenStreetMap contributors"), around)
    assert '<small class="att">© OpenStreetMap contributors</small>' in named
