"""Who takes what when very many orders arrive at once: one order to one driver, by an auction.

Bertsekas (1988), "The auction algorithm": every order bids for the driver who serves it cheapest at present prices, by as
much as she is worth more to it than the next best; whoever is outbid bids again. From prices of zero the outcome is at most
a bid's least step per order dearer than the best assignment. It is a start for insertion and search, which also bundle and chain.
"""

from doorstep.engine.chains import (
    COST,
    MARKS,
    OWNER,
    PRICE,
    TALLY,
    TRIPS,
    Case,
    Chains,
    Search,
)
from doorstep.engine.insertion import chain_with
from doorstep.engine.objective import NEVER, put_in

STEP_MS = 2_000
"""The least step of a bid: two seconds of one shopper's waiting."""
PATIENCE_MS = 7_200_000
"""Who costs an order two hours more than the cheapest would alone is not bid for, whatever leaving it out costs: it is inserted
behind somebody's first trip sooner. Bids rise by seconds, so without an end a price war lasts as long as that price is high.
"""
DEAR = 1 << 60


def assign_new(case: Case, chains: Chains, search: Search, saved: Chains) -> None:
    """Give orders without a driver to candidates without orders, at nearly the least total cost."""
    count = 0
    for d in range(case.drivers):
        search.touched[d] = -1  # who has her
        search.drifted[d] = 0  # her price
    for o in range(case.orders):
        if search.order[o * MARKS + OWNER] < 0:
            search.pool[count] = o
            count += 1
            _price_alone(case, chains, search, o)
    while count > 0:
        count -= 1
        o = search.pool[count]
        d, price = _bid(case, search, o)
        if d < 0:
            continue
        if search.touched[d] >= 0:
            search.pool[count] = search.touched[d]
            count += 1
        search.touched[d] = o
        search.drifted[d] = price
    for d in range(case.drivers):
        if search.touched[d] >= 0:
            put_in(case, chains, search, saved, search.touched[d], d, 0, NEVER)


def _price_alone(case: Case, chains: Chains, search: Search, o: int) -> None:
    """What order ``o`` costs alone with each of its candidates who has no orders."""
    for c in range(case.candidates_most):
        d = search.candidate[o * case.candidates_most + c]
        cost = DEAR
        if d >= 0 and chains.tally[d * TALLY + TRIPS] == 0:
            alone = chain_with(case, chains, d, 0, chains.order, 0, 0, o, 0, DEAR)
            if alone != NEVER:
                cost = alone - chains.tally[d * TALLY + COST]
        search.alone[o * case.candidates_most + c] = cost


def _bid(case: Case, search: Search, o: int) -> tuple[int, int]:
    """The driver for whom order ``o`` bids and what it bids; -1 when it had rather be left out."""
    least = DEAR
    second = DEAR
    alone = DEAR
    driver = -1
    for c in range(case.candidates_most):
        d = search.candidate[o * case.candidates_most + c]
        if d < 0:
            break
        if search.alone[o * case.candidates_most + c] == DEAR:
            continue
        alone = min(alone, search.alone[o * case.candidates_most + c])
        cost = search.alone[o * case.candidates_most + c] + search.drifted[d]
        if cost < least:
            second = least
            least = cost
            driver = d
        elif cost < second:
            second = cost
    limit = min(search.order[o * MARKS + PRICE], alone + PATIENCE_MS)
    if driver < 0 or least >= limit:
        return -1, 0
    return driver, search.drifted[driver] + min(second, limit) - least + STEP_MS
