"""Which orders and drivers of a world hang together: the parts that can be searched apart.

The components of the graph in which an order is joined to the drivers who could be first at its store and to the one who has
it in the plan, by union and find (Tarjan 1975, "Efficiency of a good but not linear set union algorithm").
"""

from doorstep.engine.chains import ABODE, HOME, MARKS, NOTES, OWNER, Case, Ints, Search


def find_parts(case: Case, search: Search, links: int, above: Ints, begins: Ints, scope: Ints) -> int:
    """Number the parts by their first orders and put each one's orders and drivers together; how many parts there are.

    An order hangs together with its first ``links`` candidates and with whoever has it; who is a later candidate only belongs to
    the part of the order for which she comes soonest in its list. A driver who is nobody's candidate belongs to none (-1).
    ``scope``: part by part its orders, then its drivers; ``begins``: where in it the orders of part p begin (at 2p) and its drivers
    (at 2p + 1). ``above``: scratch, a cell an order and a driver.
    """
    n = case.orders
    for one in range(n + case.drivers):
        above[one] = one
    for o in range(n):
        if search.order[o * MARKS + OWNER] >= 0:
            join(above, o, n + search.order[o * MARKS + OWNER])
        for c in range(min(links, case.candidates_most)):
            d = search.candidate[o * case.candidates_most + c]
            if d < 0:
                break
            join(above, o, n + d)
    for c in range(links, case.candidates_most):
        for o in range(n):
            d = search.candidate[o * case.candidates_most + c]
            if d >= 0 and root(above, n + d) >= n:
                join(above, o, n + d)
    count = number_parts(case, search, above)
    for k in range(2 * count + 1):
        begins[k] = 0
    for o in range(n):
        begins[2 * search.order[o * MARKS + HOME] + 1] += 1
    for d in range(case.drivers):
        if search.driver[d * NOTES + ABODE] >= 0:
            begins[2 * search.driver[d * NOTES + ABODE] + 2] += 1
    for k in range(2 * count):
        begins[k + 1] += begins[k]
    for o in range(n):
        put(scope, begins, 2 * search.order[o * MARKS + HOME], o)
    for d in range(case.drivers):
        if search.driver[d * NOTES + ABODE] >= 0:
            put(scope, begins, 2 * search.driver[d * NOTES + ABODE] + 1, d)
    for k in range(2 * count, 0, -1):
        begins[k] = begins[k - 1]
    begins[0] = 0
    return count


def number_parts(case: Case, search: Search, above: Ints) -> int:
    """Tell every order and driver the number of her part; how many parts there are."""
    count = 0
    for o in range(case.orders):
        first = root(above, o)
        if first == o:
            search.order[o * MARKS + HOME] = count
            count += 1
        else:
            search.order[o * MARKS + HOME] = search.order[first * MARKS + HOME]
    for d in range(case.drivers):
        first = root(above, case.orders + d)
        search.driver[d * NOTES + ABODE] = -1
        if first < case.orders:
            search.driver[d * NOTES + ABODE] = search.order[first * MARKS + HOME]
    return count


def put(scope: Ints, begins: Ints, k: int, row: int) -> None:
    """Put ``row`` behind what is of its kind already."""
    scope[begins[k]] = row
    begins[k] += 1


def root(above: Ints, one: int) -> int:
    """The first of those that ``one`` hangs together with."""
    while above[one] != one:
        above[one] = above[above[one]]
        one = above[one]
    return one


def join(above: Ints, one: int, other: int) -> None:
    """Let two hang together."""
    a = root(above, one)
    b = root(above, other)
    if a < b:
        above[b] = a
    else:
        above[a] = b
