"""The kernels are one source in two forms; compiled, they do to the bit what they do interpreted."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.engine.routes import compiled, layout
from doorstep.engine.routes.problem import Problem, Request, Turns, Vehicle, Visit
from doorstep.engine.routes.promise import LoadedPlan
from doorstep.engine.routes.search import Cooling, StringRemovals

# All that is rare in a large town happens within a few hundred turns of a small one.
HABITS = layout.Habits(removed=5, longest=4, eject_every=4, beside=5, scan_new=2, scan_old=3, out_most=2)
COOLING = Cooling(turns_a_line=1.0)


@st.composite
def towns(draw: st.DrawFn) -> Problem:
    """Four to fourteen requests, some optional, some that not every vehicle can carry; depots, own starts, open ends; roads that are
    longer one way; lengths that are no times; windows from tight to none; now and then a price on lateness.
    """
    n, m = draw(st.integers(4, 14)), draw(st.sampled_from([5, 3, 2, 1, layout.MANY_KINDS + 1]))
    own_starts, open_ends, one_way, soft = (draw(st.booleans()) for _ in range(4))
    optional = draw(st.sampled_from([0.0, 0.3, 1.0]))
    picky = draw(st.sampled_from([0.0, 0.3]))
    width_s = draw(st.sampled_from([2000, 800, 300]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    points = rng.uniform(0, 60, (2 * n + m, 2))
    gaps = points[:, None] - points[None]
    travel_s = np.sqrt((gaps**2).sum(axis=2))
    if one_way:
        travel_s *= rng.uniform(1, 1.5, travel_s.shape)

    def visit(place: int, since_s: float) -> Visit:
        opens_s = since_s + float(rng.integers(0, 150))
        wanted_s = opens_s + 30.0 if soft and rng.uniform() < 0.7 else None
        return Visit(place, opens_s, opens_s + float(rng.integers(10, width_s)), 5.0, wanted_s)

    requests = []
    for k in range(n):
        pickup = visit(2 * k, 0.0)
        requests.append(
            Request(
                str(k),
                pickup,
                visit(2 * k + 1, pickup.opens_s + 60),
                units=float(rng.integers(1, 4)),
                needs=int(rng.uniform() < picky),
                prize=float(rng.integers(0, 200)) if rng.uniform() < optional else None,
            )
        )
    vehicles = tuple(
        Vehicle(
            str(k),
            start := 2 * n + (k if own_starts else 0),
            None if open_ends and k % 2 == 0 else start,
            capacity=6.0,
            starts_s=float(10 * (k % 3)),
            ends_s=3000.0,
            abilities=int(k != 1),
            opening=float(k % 4),
        )
        for k in range(m)
    )
    return Problem(
        tuple(requests),
        vehicles,
        travel_s,
        distance=np.round(travel_s * 7) if draw(st.booleans()) else None,
        fewest_vehicles=draw(st.booleans()),
        late_price=1.5 if soft else 0.0,
        direct=not one_way,
    )


@settings(max_examples=45, deadline=None)
@given(towns(), st.integers(0, 99))
def test_compiled_kernels_give_the_interpreted_plan_and_promises(problem: Problem, seed: int) -> None:
    ours, twin = (StringRemovals(k, COOLING, HABITS) for k in (compiled.PYTHON, compiled.warm_up()))
    plan = ours.plan(problem, Turns(500), seed)
    assert twin.plan(problem, Turns(500), seed) == plan
    asked = problem.requests[0]
    promised, twice = (LoadedPlan(problem, plan, planner.kernels).ask(asked) for planner in (ours, twin))
    assert twice == promised


@settings(max_examples=40, deadline=None)
@given(towns(), st.integers(0, 99))
def test_and_leave_every_number_of_the_search_the_same_to_the_bit(problem: Problem, seed: int) -> None:
    both = []
    for kernels in (compiled.PYTHON, compiled.warm_up()):
        laid = layout.lay_out(problem, seed, compiled=kernels.compiled, habits=HABITS)
        case, state = laid.case, laid.state
        kernels.start(case, state)
        kernels.polish(case, state, 150, 0.2 * case.unit, True)
        kernels.end_phase(case, state)
        kernels.polish(case, state, 150, 2.0 * case.unit, False)
        both.append(state)
    ours, twin = both
    for name, number in ours._asdict().items():
        assert np.array(number).tobytes() == getattr(twin, name).tobytes(), name
