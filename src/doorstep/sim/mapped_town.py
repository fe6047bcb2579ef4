"""A town laid out on an OpenStreetMap extract: homes along its residential streets, stores where it has shops, OSRM's ways.

People live as densely along each metre of residential street as along any other, which is what a map without buildings can
tell. So many different doors are drawn once (``City.doors``), and all ways between them and the stores are asked of OSRM once
and kept beside its files: a simulated day then only looks them up.
"""

import fcntl
import hashlib
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doorstep.connectors.maps.osrm_roads import ExtractRefused, prepare
from doorstep.connectors.maps.road_table import all_ways, joined
from doorstep.connectors.maps.street_places import StreetPlaces, read
from doorstep.sim.chance import stream
from doorstep.sim.ground import Mapped, Spots, apart_m
from doorstep.sim.scenario import City, ScenarioRefused
from doorstep.units.geo import EARTH_RADIUS_M, LatLng

Real = NDArray[np.float64]
VERSION = 1
"""Of what is kept; another one is worked out anew."""
BLOCK_M = 1_000
CLOSE_M = 5_000
SHOP_NEAR_HOME_M = 1_500
SPARE = 1.15
"""So many more places are drawn than wanted: some lie on streets that no road joins to the others."""
_DEGREE_M = math.radians(1) * EARTH_RADIUS_M


@dataclass(frozen=True, slots=True, eq=False)
class MappedTown:
    """What a scenario needs of an extract, on the plane around ``middle``."""

    middle: LatLng
    ground: Mapped
    doors: Spots
    stores: Spots
    on_the_map: int  # stores that are shops of the map, the others stand along its larger streets
    roads: tuple[tuple[str, Spots], ...]


def load(city: City, extract: Path) -> MappedTown:
    """The town of ``extract``: as kept, else made now and kept. One process makes it, others wait.

    Raises RoadsNotInstalled, ScenarioRefused.
    """
    home = city.kept_in or extract.parent
    try:
        roads = prepare(extract, home)
        wish = json.dumps([VERSION, city.radius_km, city.stores, city.doors])
        kept = roads.parent / f"town-{hashlib.sha256(wish.encode()).hexdigest()[:12]}.npz"
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.is_file():
                making = kept.with_name(f"{kept.stem}.{os.getpid()}.npz")
                np.savez(making, allow_pickle=False, **_made(city, read(extract), roads))
                making.rename(kept)
    except (ExtractRefused, FileNotFoundError) as error:
        raise ScenarioRefused(f"city.extract: {error}") from error
    except OSError as error:
        raise ScenarioRefused(
            f"city.kept_in: what is worked out of {extract.name} cannot be kept in {home} ({error.strerror});"
            " name a folder that may be written"
        ) from error
    with np.load(kept) as arrays:
        return _town({name: arrays[name] for name in arrays.files})


def _town(kept: "dict[str, NDArray[np.float64]]") -> MappedTown:
    count = len(kept["stores"])
    places = np.concatenate((kept["stores"], kept["doors"]))
    ends = kept["road_ends"].astype(int).tolist()
    lines = [kept["road_points"][a:b] for a, b in zip([0, *ends], ends, strict=False)]
    names = ["motorway" if kind else "arterial" for kind in kept["road_is_motorway"].tolist()]
    return MappedTown(
        middle=LatLng(lat=float(kept["middle"][0]), lng=float(kept["middle"][1])),
        ground=Mapped(places, kept["metres"], kept["empty_s"]),
        doors=places[count:],
        stores=places[:count],
        on_the_map=int(kept["on_the_map"]),
        roads=tuple(zip(names, lines, strict=True)),
    )


def _made(city: City, streets: StreetPlaces, roads: Path) -> "dict[str, NDArray[np.float64]]":
    """Everything that is kept of a town."""
    middle = _middle(streets.lived_along)
    radius_m = city.radius_km * 1000
    lived = _within(_plane(streets.lived_along, middle), radius_m)
    shopped = _within(_plane(streets.shopped_along, middle), radius_m)
    shops = _plane(streets.shops, middle)
    shops = shops[np.hypot(shops[:, 0], shops[:, 1]) <= radius_m]
    doors = _along(lived, stream(0, "doors").random((math.ceil(city.doors * SPARE) + 20, 2)))
    wanted = math.ceil(city.stores * SPARE) + 2
    stores, known = _stores(shops, shopped if len(shopped) else lived, doors, wanted, radius_m)
    places, first = np.unique(np.concatenate((stores, doors)), axis=0, return_index=True)
    places = places[np.argsort(first)]  # stores first, and none twice: a shop may stand at a door
    stores = places[: np.count_nonzero(first < len(stores))]
    empty_s, metres = all_ways(roads, _degrees(places, middle))
    good = joined(empty_s)
    kept_stores = good[good < len(stores)][: city.stores]
    kept_doors = good[good >= len(stores)][: city.doors]
    for name, asked, found in (
        ("stores", city.stores, len(kept_stores)),
        ("doors", city.doors, len(kept_doors)),
    ):
        if found < asked:
            raise ScenarioRefused(
                f"city.{name} = {asked}: the joined streets within {city.radius_km:g} km of the middle of this extract have room for"
                f" {found}; ask for fewer or take a larger radius_km"
            )
    rows = np.concatenate((kept_stores, kept_doors))
    square = np.ix_(rows, rows)
    lines = [(kind, _plane(line, middle)) for kind, line in streets.main]
    lines = [(kind, line) for kind, line in lines if (np.hypot(*line.T) <= radius_m).any()]
    return {
        "middle": np.array([middle.lat, middle.lng]),
        "stores": places[kept_stores],
        "doors": places[kept_doors],
        "on_the_map": np.array(float(np.count_nonzero(kept_stores < known))),
        "metres": np.ceil(metres[square]),
        "empty_s": empty_s[square],
        "road_points": np.concatenate([np.empty((0, 2)), *(line for _, line in lines)]),
        "road_ends": np.cumsum([len(line) for _, line in lines], dtype=np.float64),
        "road_is_motorway": np.array([kind == "motorway" for kind, _ in lines], np.float64),
    }


def _middle(lived_along: Real) -> LatLng:
    """The block with most residential street close by: downtown, near enough."""
    lng, lat = (lived_along[:, 0] + lived_along[:, 2]) / 2, (lived_along[:, 1] + lived_along[:, 3]) / 2
    around = LatLng(lat=float(np.median(lat)), lng=float(np.median(lng)))
    pieces = _plane(lived_along, around)
    blocks, which = np.unique(
        np.floor((pieces[:, :2] + pieces[:, 2:]) / 2 / BLOCK_M), axis=0, return_inverse=True
    )
    metres = np.bincount(which.ravel(), apart_m(pieces[:, :2], pieces[:, 2:]))
    spots = (blocks + 0.5) * BLOCK_M
    reached = [(metres / (1 + apart_m(spots, spot) / CLOSE_M)).sum() for spot in spots]
    lng_lat = _degrees(spots[int(np.argmax(reached))][None, :], around)[0]
    return LatLng(lat=round(float(lng_lat[1]), 6), lng=round(float(lng_lat[0]), 6))


def _stores(shops: Spots, shopped: Real, doors: Spots, wanted: int, radius_m: float) -> tuple[Spots, int]:
    """Stores apart from each other and near homes, and how many of them, the first ones, are shops of the map."""
    chance = stream(0, "stores of an extract")
    apart = 0.5 * radius_m * math.sqrt(math.pi / wanted)
    found: list[NDArray[np.float64]] = []

    def add(candidates: Spots, apart_now: float) -> None:
        for spot in candidates:
            if len(found) < wanted and (not found or apart_m(np.array(found), spot).min() >= apart_now):
                found.append(spot)

    def lived_near(spots: Spots) -> Spots:
        near = [apart_m(doors, spot).min() <= SHOP_NEAR_HOME_M for spot in spots]
        return spots[np.array(near, np.bool_)] if len(spots) else spots

    shops = lived_near(chance.permutation(shops))
    for part in (1.0, 0.5, 0.25, 0.1):
        add(shops, apart * part)
    known = len(found)
    tries = 0
    while len(found) < wanted and tries < 400:
        tries += 1
        if tries % 10 == 0:
            apart *= 0.8
        add(lived_near(_along(shopped, chance.random((20, 2)))), apart)
    return np.array(found).reshape(-1, 2), known


def _along(pieces: Real, uniform: Real) -> Spots:
    """A spot on the ``pieces`` for each two numbers of ``uniform``, every metre as likely as any other."""
    if not len(pieces):
        return np.empty((0, 2))
    summed = np.cumsum(apart_m(pieces[:, :2], pieces[:, 2:]))
    which = np.minimum(np.searchsorted(summed, uniform[:, 0] * summed[-1]), len(pieces) - 1)
    a, b = pieces[which, :2], pieces[which, 2:]
    return np.asarray(np.round(a + (b - a) * uniform[:, 1:], 1))


def _within(pieces: Real, radius_m: float) -> Real:
    middle = (pieces[:, :2] + pieces[:, 2:]) / 2
    return pieces[np.hypot(middle[:, 0], middle[:, 1]) <= radius_m]


def _plane(degrees: Real, middle: LatLng) -> Real:
    """(lng, lat) pairs, side by side, as metres around ``middle``."""
    east = _DEGREE_M * math.cos(math.radians(middle.lat))
    pairs = len(degrees[0]) // 2 if len(degrees) else 1
    offset, scale = np.tile([middle.lng, middle.lat], pairs), np.tile([east, _DEGREE_M], pairs)
    return np.asarray((degrees - offset) * scale) if len(degrees) else degrees


def _degrees(spots: Spots, middle: LatLng) -> Real:
    east = _DEGREE_M * math.cos(math.radians(middle.lat))
    return np.asarray(spots / [east, _DEGREE_M] + [middle.lng, middle.lat])
