"""How often the public figures are counted."""

from doorstep.app.worker import Pace


def test_a_network_of_many_years_is_counted_less_often_and_one_slow_moment_is_not_taken_for_it() -> None:
    pace = Pace()
    assert pace.rest_s() == 1.0
    for seconds in (3.0, 0.02, 0.02):
        pace.took(seconds)
        assert pace.rest_s() == 1.0  # what took long was the machine: the rows are few

    for seconds in (0.5, 0.4, 0.7):
        pace.took(seconds)
    assert pace.rest_s() == 20 * 0.4
