"""The life of a delivery on paper: every state with every fact."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.deliveries.events import BY_FACT, EVERY
from doorstep.features.deliveries.rules import (
    CARRIED,
    FINAL,
    MOVES,
    REPORTABLE,
    ROAD,
    ROAD_BACK,
    WAITING,
    WITH_GOODS,
    Advance,
    DeliveryState,
    FactKind,
    Standing,
    advance,
)

S, F = DeliveryState, FactKind

# What each fact does in each state: the word of the next state, "=" for already so, "." for refused.
# Columns in the order of FACTS; a state reached over implied facts is written the same as one reached directly.
FACTS = tuple(FactKind)
SHORT = {
    S.REQUESTED: "req", S.BATCHED: "bat", S.ASSIGNED: "ass", S.ENROUTE_TO_PICKUP: "etp", S.AT_PICKUP: "atp",
    S.PICKED_UP: "pic", S.ENROUTE_TO_DROPOFF: "etd", S.AT_DROPOFF: "atd", S.ATTEMPT_FAILED: "fai",
    S.ENROUTE_TO_RETURN: "etr", S.AT_RETURN: "atr", S.DELIVERED: "del", S.RETURNED: "ret", S.CANCELLED: "can",
    S.EXPIRED: "exp",
}  # fmt: skip
TABLE = """
              batch unbat assig unass d_pic r_pic picke d_dro r_dro hande faile d_ret r_ret retur cance expir
requested     bat   =     ass   =     .     .     .     .     .     .     .     .     .     .     can   exp
batched       =     req   ass   =     .     .     .     .     .     .     .     .     .     .     can   exp
assigned      .     .     .     req   etp   atp   pic   etd   atd   del   fai   etr   atr   ret   can   .
enroute_to_pickup
              .     .     .     req   =     atp   pic   etd   atd   del   fai   etr   atr   ret   can   .
at_pickup     .     .     .     req   =     =     pic   etd   atd   del   fai   etr   atr   ret   can   .
picked_up     .     .     .     .     =     =     =     etd   atd   del   fai   etr   atr   ret   can   .
enroute_to_dropoff
              .     .     .     .     =     =     =     =     atd   del   fai   etr   atr   ret   can   .
at_dropoff    .     .     .     .     =     =     =     =     =     del   fai   etr   atr   ret   can   .
attempt_failed
              .     .     .     .     =     =     =     etd   atd   del   =     etr   atr   ret   can   .
enroute_to_return
              .     .     .     .     =     =     =     =     =     .     =     =     atr   ret   can   .
at_return     .     .     .     .     =     =     =     =     =     .     =     =     =     ret   can   .
delivered     .     .     .     .     =     =     =     =     =     =     .     .     .     .     .     .
returned      .     .     .     .     =     =     =     =     =     .     =     =     =     =     .     .
cancelled     .     .     .     .     .     .     .     .     .     .     .     .     .     .     =     .
expired       .     .     .     .     .     .     .     .     .     .     .     .     .     .     .     =
"""


def written() -> dict[tuple[DeliveryState, FactKind], str]:
    words = TABLE.split()[len(FACTS) :]
    cells: dict[tuple[DeliveryState, FactKind], str] = {}
    for number in range(len(DeliveryState)):
        row = words[number * (len(FACTS) + 1) : (number + 1) * (len(FACTS) + 1)]
        cells |= {(DeliveryState(row[0]), fact): cell for fact, cell in zip(FACTS, row[1:], strict=True)}
    return cells


CELLS = written()


def walk(state: DeliveryState, step: Advance) -> DeliveryState:
    for fact in step.facts:
        state = MOVES[state, fact]
    return state


def test_the_table_says_something_about_every_pair() -> None:
    assert len(CELLS) == len(DeliveryState) * len(FactKind)


@pytest.mark.parametrize(("state", "fact"), list(CELLS))
def test_every_state_with_every_fact(state: DeliveryState, fact: FactKind) -> None:
    step = advance(state, fact)
    told = {Standing.ALREADY: "=", Standing.IMPOSSIBLE: "."}.get(
        step.standing, SHORT[walk(state, step)] if step.facts else "?"
    )
    assert told == CELLS[state, fact]
    assert step.counts == bool(step.facts)
    assert not step.facts or step.facts[-1] is fact, "the fact itself comes last, after what it implies"


def test_every_state_belongs_to_one_stretch_of_its_life() -> None:
    stretches = [WAITING, CARRIED, WITH_GOODS, FINAL]
    assert sorted(s for stretch in stretches for s in stretch) == sorted(DeliveryState)


def test_nothing_leads_out_of_an_end() -> None:
    assert not [state for state, _ in MOVES if state in FINAL]


def test_every_fact_has_an_event_of_its_own_name() -> None:
    assert set(BY_FACT) == set(FactKind)
    assert len({event.name for event in EVERY}) == len(EVERY)


def test_who_turned_back_before_the_door_is_not_said_to_have_reached_it() -> None:
    assert advance(S.PICKED_UP, F.ATTEMPT_FAILED, turned_back=True).facts == (F.ATTEMPT_FAILED,)
    assert advance(S.PICKED_UP, F.ATTEMPT_FAILED).facts == (
        F.DEPARTED_TO_DROPOFF,
        F.REACHED_DROPOFF,
        F.ATTEMPT_FAILED,
    )


def test_a_late_report_of_the_first_attempt_opens_no_second_one() -> None:
    assert advance(S.ATTEMPT_FAILED, F.DEPARTED_TO_DROPOFF, stale=True).standing is Standing.ALREADY
    assert advance(S.ATTEMPT_FAILED, F.DEPARTED_TO_DROPOFF).facts == (F.DEPARTED_TO_DROPOFF,)


def events_of(reports: Sequence[tuple[int, FactKind]]) -> tuple[DeliveryState, list[FactKind]]:
    """The end and the events of reports (device second, fact) heard in this order, as the journal writes them."""
    state, last = S.ASSIGNED, -1
    told: list[FactKind] = []
    for at_s, fact in reports:
        step = advance(state, fact, stale=at_s < last)
        assert step.standing is not Standing.IMPOSSIBLE
        state = walk(state, step)
        told += step.facts
        if step.counts:
            last = max(last, at_s)
    return state, told


DELIVERED = tuple(enumerate(ROAD))
BROUGHT_BACK = tuple(enumerate((*ROAD[:-1], F.ATTEMPT_FAILED, *ROAD_BACK)))


@pytest.mark.parametrize(("story", "end"), [(DELIVERED, S.DELIVERED), (BROUGHT_BACK, S.RETURNED)])
@given(chance=st.randoms(use_true_random=False), doubled=st.integers(0, 3))
def test_reports_in_any_order_and_doubled_tell_the_same_story(
    story: tuple[tuple[int, FactKind], ...], end: DeliveryState, chance: Random, doubled: int
) -> None:
    heard = [*story, *(chance.choice(story) for _ in range(doubled))]
    chance.shuffle(heard)
    assert events_of(heard) == (end, [fact for _, fact in story])


@given(st.lists(st.sampled_from(sorted(REPORTABLE)), max_size=30))
def test_whatever_is_reported_the_walk_stays_on_declared_edges_and_ends_once(facts: list[FactKind]) -> None:
    state, ended = S.ASSIGNED, 0
    for fact in facts:
        after = walk(state, advance(state, fact))
        ended += state not in FINAL and after in FINAL
        assert not (state in FINAL and after is not state)
        state = after
    assert ended <= 1
