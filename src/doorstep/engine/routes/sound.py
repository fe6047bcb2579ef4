"""What a problem must be before it is planned. The kernels do not look: to them NaN is neither early nor late, and place -1 the last."""

from collections.abc import Iterator

import numpy as np

from doorstep.engine.routes.problem import Matrix, Problem, Request, Vehicle, Visit

MOST = 1e12
"""No duration, length, load or price is greater: sums of whole numbers stay exact, and far below NEVER."""
MASKS = 1 << 63
"""Masks of abilities are below this."""
_ALLOWED = f"allowed is 0 to {MOST:g}"


def require_sound(problem: Problem) -> None:
    """Raises ValueError that names the first row or leg of ``problem`` that is not as documented, and what is wrong with it."""
    places = _require_matrix("travel_s", problem.travel_s)
    if problem.distance is not None and _require_matrix("distance", problem.distance) != places:
        raise ValueError(f"distance knows {len(problem.distance)} places and travel_s {places}")
    if not 0 <= problem.late_price <= MOST:
        raise ValueError(f"late_price is {problem.late_price}, {_ALLOWED}")
    for r, request in enumerate(problem.requests):
        require_sound_request(request, f"request {r}", places)
    for v, vehicle in enumerate(problem.vehicles):
        for fault in _faults_of_vehicle(vehicle, places):
            raise ValueError(f"vehicle {v} ({vehicle.id}): {fault}")


def require_sound_request(request: Request, called: str, places: int) -> None:
    """Raises ValueError that begins with ``called`` and names what is wrong with ``request`` among so many places."""
    for fault in _faults_of_request(request, places):
        raise ValueError(f"{called} ({request.id}): {fault}")


def _require_matrix(name: str, matrix: Matrix) -> int:
    """How many places it knows."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} has the shape {matrix.shape}, not a row and a column for each place")
    # A NaN makes both bounds NaN, which no comparison holds for.
    if matrix.size and not 0 <= matrix.min() <= matrix.max() <= MOST:
        row, column = np.argwhere(~((matrix >= 0) & (matrix <= MOST)))[0]
        raise ValueError(f"{name} from place {row} to place {column} is {matrix[row, column]}, {_ALLOWED}")
    return len(matrix)


def _faults_of_request(request: Request, places: int) -> Iterator[str]:
    yield from _faults_of_visit("pickup", request.pickup, places)
    yield from _faults_of_visit("delivery", request.delivery, places)
    if not 0 <= request.units <= MOST:
        yield f"{request.units} units, {_ALLOWED}"
    if not 0 <= request.needs < MASKS:
        yield f"needs are {request.needs}, not a mask of 63 bits"
    if request.prize is not None and not 0 <= request.prize <= MOST:
        yield f"its prize is {request.prize}, {_ALLOWED}, or None where it must be served"


def _faults_of_visit(end: str, visit: Visit, places: int) -> Iterator[str]:
    if not 0 <= visit.place < places:
        yield f"{end} at place {visit.place}, and there are {places}, from 0"
    if not -MOST <= visit.opens_s <= MOST:
        yield f"{end} opens at {visit.opens_s} s, allowed is {MOST:g} either way"
    if not visit.closes_s >= visit.opens_s:
        yield f"{end} opens at {visit.opens_s} s and closes at {visit.closes_s} s"
    if not 0 <= visit.service_s <= MOST:
        yield f"{end} takes {visit.service_s} s, {_ALLOWED}"
    if visit.wanted_s is not None and not visit.wanted_s >= -MOST:
        yield f"{end} is wanted by {visit.wanted_s} s, allowed is {-MOST:g} and later"


def _faults_of_vehicle(vehicle: Vehicle, places: int) -> Iterator[str]:
    if not 0 <= vehicle.start < places:
        yield f"starts at place {vehicle.start}, and there are {places}, from 0"
    if vehicle.end is not None and not 0 <= vehicle.end < places:
        yield f"ends at place {vehicle.end}, and there are {places}, from 0"
    if not vehicle.capacity >= 0:
        yield f"its capacity is {vehicle.capacity}, allowed is 0 and more"
    if not -MOST <= vehicle.starts_s <= MOST:
        yield f"starts at {vehicle.starts_s} s, allowed is {MOST:g} either way"
    if not vehicle.ends_s >= vehicle.starts_s:
        yield f"starts at {vehicle.starts_s} s and ends at {vehicle.ends_s} s"
    if not 0 <= vehicle.abilities < MASKS:
        yield f"its abilities are {vehicle.abilities}, not a mask of 63 bits"
    if not 0 <= vehicle.opening <= MOST:
        yield f"opening it costs {vehicle.opening}, {_ALLOWED}"
