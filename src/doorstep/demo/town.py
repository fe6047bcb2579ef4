"""Where the demo's stores, drivers and shoppers are: drawn from Nashville's ZIPs, the same for the same seed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from doorstep.connectors.maps.protocol import Address
from doorstep.connectors.us.streets import draw_address, draw_area, draw_household
from doorstep.connectors.us.zips import NASHVILLE_CBSA, ZipArea, offset, zip_areas
from doorstep.units.geo import LatLng, great_circle_m

DOWNTOWN = LatLng(lat=36.1627, lng=-86.7816)
TOWN_M = 17_000
"""The demo lives this close to downtown; the market itself is wider."""
APART_M = 3_500
"""Stores of one chain lie at least this far apart."""
_STORE_TRIES = 400


@dataclass(frozen=True, slots=True)
class Spot:
    """An invented address and its invented point."""

    address: Address
    point: LatLng


def areas() -> tuple[ZipArea, ...]:
    """The ZIPs in which the demo lives."""
    return tuple(a for a in zip_areas(NASHVILLE_CBSA) if great_circle_m(a.point, DOWNTOWN) <= TOWN_M)


def store_spots(chance: Random, count: int, within: Sequence[ZipArea] | None = None) -> tuple[Spot, ...]:
    """``count`` places for stores, where people live, apart from each other. Raises ValueError for too many."""
    inner = within if within is not None else areas()
    spots: list[Spot] = []
    for _ in range(_STORE_TRIES):
        spot = Spot(*draw_address(chance, draw_area(chance, inner)))
        if all(great_circle_m(spot.point, other.point) >= APART_M for other in spots):
            spots.append(spot)
        if len(spots) == count:
            return tuple(spots)
    raise ValueError(f"{count} stores do not fit into this town")


def near(chance: Random, point: LatLng, furthest_m: float) -> LatLng:
    """A place at most ``furthest_m`` from ``point``."""
    return offset(point, chance.triangular(0, furthest_m, furthest_m * 0.5), chance.uniform(0, 360))


def home_near(
    chance: Random, store: LatLng, furthest_m: float, homes: Sequence[ZipArea] | None = None
) -> Spot:
    """A household at most ``furthest_m`` from ``store``: near homes are likelier, as near shops are chosen first."""
    known = homes if homes is not None else areas()
    close = [a for a in known if a.households > 0 and great_circle_m(a.point, store) < furthest_m + 2_000]
    best: Spot | None = None
    for _ in range(24):
        spot = Spot(*draw_household(chance, close or known))
        way_m = great_circle_m(spot.point, store)
        if way_m <= furthest_m and chance.random() < 1.25 - way_m / furthest_m:
            return spot
        if best is None or way_m < great_circle_m(best.point, store):
            best = spot
    assert best is not None
    return best
