"""Places and orders of the demo: seeded, plausible, and never refused for what they ask."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from doorstep.demo import orders, town
from doorstep.demo.drivers import Temper, share_taken
from doorstep.features.deliveries.rules import Requirements, contradictions
from doorstep.features.markets.rules import GROCERY_TERMS
from doorstep.units.geo import great_circle_m

HOMES = town.areas()
STORE = town.store_spots(Random(3), 1)[0].point
seeds = st.integers(0, 10_000)


def test_the_same_seed_draws_the_same_stores_and_keeps_them_apart() -> None:
    spots = town.store_spots(Random(7), 8)
    assert spots == town.store_spots(Random(7), 8)
    assert spots != town.store_spots(Random(8), 8)
    for spot in spots:
        near = [great_circle_m(spot.point, other.point) for other in spots if other is not spot]
        assert min(near) >= town.APART_M
        assert great_circle_m(spot.point, town.DOWNTOWN) < town.TOWN_M + 3_000


@given(seeds)
def test_shoppers_live_within_reach_of_the_store(seed: int) -> None:
    home = town.home_near(Random(seed), STORE, 7_000, HOMES)
    assert great_circle_m(home.point, STORE) < 9_500


@given(seeds, st.sampled_from(sorted(orders.SHARE_OF_TRADE)))
def test_no_order_contradicts_itself(seed: int, trade: str) -> None:
    body = orders.draw_order(Random(seed), trade, "str_x", STORE, HOMES)
    words = body["requirements"]
    ages = [int(word.removeprefix("age_")) for word in words if word.startswith("age_")]
    flags = {word: True for word in words if not word.startswith("age_")}
    assert contradictions(Requirements(min_age=max(ages, default=0), **flags)) == []
    assert len(words) == len(set(words))
    assert 0 <= body["tip_minor"] <= 25_00
    if trade == "grocery":
        assert body["cart_minor"] >= GROCERY_TERMS.minimum_cart_minor


def test_the_day_has_an_hour_each_and_is_busiest_around_noon_and_in_the_evening() -> None:
    assert len(orders.ORDERS_AN_HOUR) == 24
    assert sorted(range(24), key=lambda hour: -orders.ORDERS_AN_HOUR[hour])[:2] == [17, 18]
    assert abs(sum(orders.SHARE_OF_TRADE.values()) - 1) < 1e-9


def _offer(total_minor: int, minutes: int, mode: str = "directed", weight_g: int = 900) -> dict[str, object]:
    return {
        "total_minor": total_minor,
        "tip_minor": 0,
        "minutes": minutes,
        "mode": mode,
        "drops": [{"weight_g": weight_g}],
    }


@given(seeds, st.integers(700, 3_000), st.integers(5, 90))
def test_better_pay_is_never_taken_less(seed: int, total_minor: int, minutes: int) -> None:
    temper = Temper.draw(Random(seed))
    worse, better = _offer(total_minor, minutes), _offer(total_minor + 200, minutes)
    assert 0 < share_taken(worse, temper, 1_500) <= share_taken(better, temper, 1_500) < 1
    assert share_taken(worse, temper, 9_000) <= share_taken(worse, temper, 1_500)


def test_what_nobody_likes_is_hardly_ever_taken() -> None:
    temper = Temper.draw(Random(1))
    assert share_taken(_offer(3_000, 10, weight_g=orders.UNWANTED_G), temper, 500) < 0.1
    assert share_taken(_offer(3_000, 10, "broadcast", orders.UNWANTED_G), temper, 500) < 0.05
