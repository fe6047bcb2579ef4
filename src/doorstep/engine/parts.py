"""Which orders and drivers of a world hang together: the parts that can be searched apart.

The components of the graph in which an order is joined to the drivers who could be first at its store and to the one who has
it in the plan, by union and find (Tarjan 1975, "Efficiency of a good but not linear set union algorithm").
"""

from doorstep.engine.chains import MARKS, OWNER, Case, Ints, Search


def find_parts(case: Case, search: Search, links: int, members: Ints, crews: Ints) -> int:
    """Number the parts by their first orders, sort orders and drivers by part; how many parts there are.

    An order hangs together with its first ``links`` candidates and with whoever has it; who is a later candidate only belongs to
    the part of the order for which she comes soonest in its list. A driver who is nobody's candidate belongs to none (-1).
    ``members``, ``crews``: where in ``Search.member`` and ``Search.crew`` each part begins, room for a part an order and one more.
    """
    n = case.orders
    for one in range(n + case.drivers):
        search.part[one] = one
    for o in range(n):
        if search.order[o * MARKS + OWNER] >= 0:
            join(search.part, o, n + search.order[o * MARKS + OWNER])
        for c in range(min(links, case.candidates_most)):
            d = search.candidate[o * case.candidates_most + c]
            if d < 0:
                break
            join(search.part, o, n + d)
    for c in range(links, case.candidates_most):
        for o in range(n):
            d = search.candidate[o * case.candidates_most + c]
            if d >= 0 and root(search.part, n + d) >= n:
                join(search.part, o, n + d)
    count = 0
    for o in range(n):
        if root(search.part, o) == o:
            search.pool[o] = count
            count += 1
    for one in range(n + case.drivers):
        search.part[one] = root(search.part, one)
    # A root is the first of its part: from the end on, each is still there when the others ask for its number.
    for one in range(n + case.drivers - 1, -1, -1):
        if search.part[one] < n:
            search.part[one] = search.pool[search.part[one]]
        else:
            search.part[one] = -1
    sort_by_part(search.part, 0, n, search.member, members, count)
    sort_by_part(search.part, n, case.drivers, search.crew, crews, count)
    return count


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


def sort_by_part(part: Ints, first: int, count: int, rows: Ints, begins: Ints, parts: int) -> None:
    """``count`` rows from ``first`` of ``part`` on by their part, and where each part begins; rows of no part are left out."""
    for p in range(parts + 1):
        begins[p] = 0
    for row in range(count):
        if part[first + row] >= 0:
            begins[part[first + row] + 1] += 1
    for p in range(parts):
        begins[p + 1] += begins[p]
    for row in range(count):
        if part[first + row] >= 0:
            rows[begins[part[first + row]]] = row
            begins[part[first + row]] += 1
    for p in range(parts, 0, -1):
        begins[p] = begins[p - 1]
    begins[0] = 0
