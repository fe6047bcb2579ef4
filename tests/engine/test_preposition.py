"""Where a driver without work waits: stories on a line, and the promise that no store in reach would have been better."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_decide import LAWS

from doorstep.engine.preposition import FAR_S, WALK_MOST_S, waiting_place
from doorstep.engine.world import Travel

LINE = Travel(np.abs(np.arange(8)[:, None] - np.arange(8)[None, :]).astype(np.int32) * 120)


def test_she_goes_where_nobody_waits_yet() -> None:
    """Stores at 0 and 4 with equal trade; she starts between them, and somebody stands at 0."""
    assert waiting_place(1, [0], [0, 4], [5, 5], LINE) == 4
    assert waiting_place(1, [], [0, 4], [5, 5], LINE) == 0


def test_the_busier_store_wins_and_a_walk_too_far_is_not_asked_for() -> None:
    assert waiting_place(3, [], [2, 5], [1, 9], LINE) == 5
    assert waiting_place(0, [], [1, 7], [1, 900], LINE) == 1


def test_where_nothing_is_expected_it_is_the_nearest() -> None:
    assert waiting_place(6, [2], [0, 5], [0, 0], LINE) == 5
    with pytest.raises(ValueError, match="no store"):
        waiting_place(6, [], [], [], LINE)


@LAWS
@given(st.data())
def test_no_store_in_reach_would_shorten_more(data: st.DataObject) -> None:
    places = data.draw(st.integers(2, 12))
    cells = data.draw(
        st.lists(st.integers(0, 1200), min_size=places * places, max_size=places * places).map(
            lambda numbers: np.array(numbers, np.int32).reshape(places, places)
        )
    )
    np.fill_diagonal(cells, 0)
    travel = Travel(cells)
    spot = st.integers(0, places - 1)
    place, waiting = data.draw(spot), data.draw(st.lists(spot, max_size=4))
    stores = data.draw(st.lists(spot, min_size=1, max_size=6, unique=True))
    pickups = data.draw(st.lists(st.integers(0, 9), min_size=len(stores), max_size=len(stores)))

    def left(at: int) -> int:
        nearest = [
            min([FAR_S, travel.between(at, s), *(travel.between(w, s) for w in waiting)]) for s in stores
        ]
        return sum(count * way for count, way in zip(pickups, nearest, strict=True))

    chosen = waiting_place(place, waiting, stores, pickups, travel)
    assert chosen in stores
    reach = [s for s in stores if travel.between(place, s) <= WALK_MOST_S]
    best = min([left(place), *(left(s) for s in reach)])
    assert left(chosen) == best or travel.between(place, chosen) == min(
        travel.between(place, s) for s in stores
    )
    if best < left(place):
        assert left(chosen) == best
