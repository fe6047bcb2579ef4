"""The town of a scenario, the same on every day: where homes and stores are and how one travels between them.

Two ways to have one: the ZIPs of a metro with their households, on a plane with a rule of travel; or the streets of an
OpenStreetMap extract with OSRM's times (``mapped_town``).
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.us.nation import metro_zips
from doorstep.sim.chance import stream
from doorstep.sim.ground import Ground, Spots, Streets, apart_m, flat
from doorstep.sim.mapped_town import load
from doorstep.sim.scenario import City, ScenarioRefused
from doorstep.units.geo import LatLng, great_circle_m

Real = NDArray[np.float64]
CLOSE_M = 5_000
FURTHEST_M = 2_000
"""Invented homes lie this close to their ZIP's point, most of them much closer, as in the demo."""


class Homes(Protocol):
    """Where people live."""

    def drawn(self, uniform: Real) -> Spots:
        """One home for each three numbers of ``uniform`` in its last axis; every household is as likely as any other."""


@dataclass(frozen=True, slots=True, eq=False)
class ZipHomes:
    """Invented homes around the points of ZIPs, as many as there are households."""

    zips: Spots
    households: Real

    def drawn(self, uniform: Real) -> Spots:
        """Near a ZIP's point, most of them much nearer than the furthest."""
        summed = np.cumsum(self.households) / self.households.sum()
        which = np.minimum(np.searchsorted(summed, uniform[..., 0]), len(self.zips) - 1)
        u, most, mode = uniform[..., 1], FURTHEST_M, FURTHEST_M * 0.4
        rising, falling = np.sqrt(u * most * mode), most - np.sqrt((1 - u) * most * (most - mode))
        away, angle = np.where(u < mode / most, rising, falling), 2 * math.pi * uniform[..., 2]
        turned = np.stack((away * np.sin(angle), away * np.cos(angle)), axis=-1)
        return np.asarray(self.zips[which] + turned)


@dataclass(frozen=True, slots=True, eq=False)
class Doors:
    """A list of doors, each as likely as any other."""

    doors: Spots

    def drawn(self, uniform: Real) -> Spots:
        """One of them."""
        which = np.minimum((uniform[..., 0] * len(self.doors)).astype(np.int64), len(self.doors) - 1)
        return np.asarray(self.doors[which])


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """What does not change from day to day."""

    middle: LatLng
    zone: ZoneInfo
    ground: Ground
    homes: Homes
    stores: Spots
    roads: tuple[tuple[str, Spots], ...] = field(default=())
    """Main roads as lines on the plane, to draw; none without a map."""
    on_the_map: int = 0
    """How many of the stores are shops of the map; the others are invented."""


@lru_cache(maxsize=4)
def town_of(city: City) -> Town:
    """The town of a scenario that is no recorded day.

    Raises UnknownMetro, NationNotInstalled, RoadsNotInstalled, ScenarioRefused when nobody lives within the radius or the
    extract cannot be used. A town of an extract takes seconds to a minute the first time and is kept (``City.kept_in``).
    """
    if city.extract is not None:
        place = load(city, city.extract)
        hours = round(-place.middle.lng / 15)  # local hours are those of the sun: only rush hours need them
        zone = ZoneInfo(f"Etc/GMT{hours:+d}" if hours else "Etc/GMT")
        return Town(
            place.middle, zone, place.ground, Doors(place.doors), place.stores, place.roads, place.on_the_map
        )
    areas = metro_zips(city.metro)
    middle = _middle(city.metro)
    near = [a for a in areas if great_circle_m(a.point, middle) <= city.radius_km * 1000]
    if not near:
        raise ScenarioRefused(
            f"city.radius_km = {city.radius_km:g}: no ZIP of {city.metro} lies so near its middle"
        )
    homes = ZipHomes(
        flat([a.point for a in near], middle), np.array([a.households for a in near], np.float64)
    )
    chance = stream(0, f"stores of {city.metro}")
    apart = 0.5 * city.radius_km * 1000 * math.sqrt(math.pi / city.stores)
    stores: list[NDArray[np.float64]] = []
    tries = 0
    while len(stores) < city.stores:
        spot = homes.drawn(chance.random(3))
        tries += 1
        if tries % 200 == 0:
            apart *= 0.8  # people live close together here
        if not stores or apart_m(np.array(stores), spot).min() >= apart:
            stores.append(spot)
    return Town(middle, near[0].timezone, Streets(), homes, np.array(stores))


@lru_cache(maxsize=4)
def _middle(metro: str) -> LatLng:
    """The ZIP point with most households close by: downtown, near enough."""
    areas = metro_zips(metro)
    spots = flat([a.point for a in areas], areas[0].point)
    away = apart_m(spots[:, None, :], spots[None, :, :])
    reached = (np.array([a.households for a in areas]) / (1 + away / CLOSE_M)).sum(axis=1)
    return areas[int(reached.argmax())].point
