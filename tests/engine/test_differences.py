"""What two decisions about one world differ in: nothing is told twice, and nothing that matters is left out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS, QUICK
from tests.engine.test_mixing import MIXED, worlds_on_the_road
from tests.engine.test_open_trip import worlds_under_way

from doorstep.engine.compiled import PYTHON
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.differences import Act, differences, orders_of
from doorstep.engine.params import Params
from doorstep.engine.world import Travel, World

OTHERS = (
    replace(QUICK, max_bundle=1),
    replace(QUICK, coverage_price=5.0),
    replace(QUICK, tick_s=900),
    replace(QUICK, late_price=9.0, driving_price=1.0),
)


def fates(decisions: Decisions) -> dict[str, tuple[str, str | None]]:
    """What becomes of every order: by which kind of act or waiting, and with whom."""
    acts: list[Act] = [*decisions.sends, *decisions.pickups, *decisions.drops]
    found: dict[str, tuple[str, str | None]] = {
        order: (type(act).__name__, act.driver) for act in acts for order in orders_of(act)
    }
    return found | {outlook.order: ("waits", outlook.driver) for outlook in decisions.outlooks}


def obey(before: Decisions, after: Decisions) -> None:
    found, back = differences(before, after), differences(after, before)
    one, other = fates(before), fates(after)
    acted = [
        order for some in (found.sends, found.pickups, found.drops) for act in some for order in act.orders
    ]
    told = {*acted, *(stood.order for stood in found.outlooks)}
    assert told >= {order for order in one.keys() | other.keys() if one.get(order) != other.get(order)}
    for some in (found.sends, found.pickups, found.drops):
        orders = [order for act in some for order in act.orders]
        assert len(orders) == len(set(orders)), "once in each table"
        assert all(act.before != act.after for act in some)
    assert found.same == (before == after)
    assert not (found.same and (found.acts or found.figures))
    assert (found.acts, found.figures) == (back.acts, back.figures), "the same looked at from the other side"


@LAWS
@given(worlds_under_way(), st.sampled_from(OTHERS))
def test_every_order_with_another_fate_is_told(given_: tuple[World, Travel, int], params: Params) -> None:
    world, travel, now = given_
    before, after = (decide(world, travel, one, now, 1, PYTHON) for one in (QUICK, params))
    obey(before, after)
    obey(before, before)


@LAWS
@given(worlds_on_the_road())
def test_so_it_is_where_stores_are_mixed(given_: tuple[World, Travel, int]) -> None:
    world, travel, now = given_
    dear = replace(MIXED, driving_price=3.0, tick_s=600)
    obey(*(decide(world, travel, one, now, 1, PYTHON) for one in (MIXED, dear)))
