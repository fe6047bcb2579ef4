"""What declines cost over several markets: the bench's sums."""

from math import isclose, sqrt
from pathlib import Path

import pytest
from bench.declines import Played, play_market, together
from tests.factories.instances import VILLAGE

from doorstep.sim.pools import Here

WHO, SHARES = ("engine", "late_f1"), (0.0, 0.3)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Played:
    file: Path = tmp_path_factory.mktemp("market") / "village.toml"
    file.write_text(VILLAGE)
    return play_market(str(file), 3, WHO, SHARES, Here())


def test_a_contender_is_compared_with_its_own_days(village: Played) -> None:
    for who in WHO:
        none, some = (village.values(who, share, "offers_declined_pct") for share in SHARES)
        assert max(none) < min(some)
    above, ours, theirs = (
        village.above_half("engine", 0.3, "ctd90"),
        village.added("engine", 0.3, "ctd90"),
        village.added("late_f1", 0.3, "ctd90"),
    )
    assert above.mean is not None
    assert isclose(above.mean, sum(ours) / 3 - sum(theirs) / 6)
    lost = [sum(village.values("engine", share, "ctd90")) for share in SHARES]
    assert isclose(sum(ours), lost[1] - lost[0])


def test_markets_count_by_their_orders_and_their_errors_add_in_squares(village: Played) -> None:
    (alone, _), (twice, _) = (
        together(markets, WHO, SHARES) for markets in ({"a": village}, {"a": village, "b": village})
    )
    told = village.told("engine", 0.3)
    for key in ("ctd90_against_none", "ctd90_above_half_of_late_f1", "undelivered_pct_against_none"):
        assert alone[key] == told[key]
        assert twice[key]["mean"] == alone[key]["mean"]
        assert isclose(twice[key]["half"], alone[key]["half"] / sqrt(2), abs_tol=0.001)
    small = Played(village.found, WHO, SHARES)
    small.orders = 0
    assert together({"a": village, "none": small}, WHO, SHARES)[0] == alone
