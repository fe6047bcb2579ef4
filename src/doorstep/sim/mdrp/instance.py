"""Reads an instance folder: tab separated files, integer minutes and metres."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doorstep.sim.mdrp.table import NotAnInstance, Row, rows, wrong

ORDERS, RESTAURANTS, COURIERS, PARAMETERS = (
    f"{name}.txt" for name in ("orders", "restaurants", "couriers", "instance_parameters")
)
A_DAY_MIN = 24 * 60
FAR_M = 100_000_000
SLOW_M = 0.001
LONG_MIN = 10_000
"""No time of a day and no way within it is longer."""


@dataclass(frozen=True, slots=True)
class MealOrder:
    """One order: placed, ready, from a restaurant to a place."""

    id: str
    x: int
    y: int
    placed_min: int
    restaurant: str
    ready_min: int


@dataclass(frozen=True, slots=True)
class Restaurant:
    """Where food is picked up."""

    id: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Courier:
    """A shift: starts at a place at ``on_min``; no pickup after ``off_min``."""

    id: str
    x: int
    y: int
    on_min: int
    off_min: int


@dataclass(frozen=True, slots=True)
class Instance:
    """A whole day and its parameters."""

    name: str
    orders: tuple[MealOrder, ...]
    restaurants: tuple[Restaurant, ...]
    couriers: tuple[Courier, ...]
    metres_per_minute: float
    pickup_service_min: int
    dropoff_service_min: int
    most_ctd_min: int  # click-to-door beyond which a delivery is worth nothing to the shopper
    pay_per_order: float
    pay_per_hour: float

    def places(self) -> list[tuple[int, int]]:
        """All places: restaurants, then order destinations, then courier starts; their indices in the matrix."""
        return (
            [(r.x, r.y) for r in self.restaurants]
            + [(o.x, o.y) for o in self.orders]
            + [(c.x, c.y) for c in self.couriers]
        )

    def seconds(self) -> NDArray[np.int32]:
        """Travel between all places by the exact rule: 60 * ceil(euclid / speed)."""
        xy = np.array(self.places(), np.float64)
        far = np.sqrt(((xy[:, None, :] - xy[None, :, :]) ** 2).sum(axis=2))
        return np.asarray(60 * np.ceil(far / self.metres_per_minute), np.int32)

    def minutes(self, a: tuple[int, int], b: tuple[int, int]) -> int:
        """The same for one pair."""
        return math.ceil(math.dist(a, b) / self.metres_per_minute)


def read(folder: Path) -> Instance:
    """The instance in ``folder``. Raises NotAnInstance, a ValueError."""
    files = (ORDERS, RESTAURANTS, COURIERS, PARAMETERS)
    if not folder.is_dir():
        raise NotAnInstance(
            f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}; a day is a folder with {', '.join(files)}"
        )
    if not any((folder / file).exists() for file in files):
        days = sorted(inside.parent.name for inside in folder.glob(f"*/{ORDERS}"))
        hint = f"; folders within hold days: name them, as {folder / days[0]}" if days else ""
        raise NotAnInstance(f"{folder}: no day; a day is a folder with {', '.join(files)}{hint}")
    taken: dict[str, str] = {}
    restaurants = tuple(_restaurants(folder / RESTAURANTS, taken))
    couriers = tuple(_couriers(folder / COURIERS, taken))
    orders = tuple(_orders(folder / ORDERS, taken, frozenset(r.id for r in restaurants)))
    found = _with_parameters(folder, orders, restaurants, couriers)
    xy = np.array(found.places(), np.float64)
    far_min = float(np.hypot(*(xy.max(axis=0) - xy.min(axis=0)))) / found.metres_per_minute
    if far_min > LONG_MIN:
        raise wrong(folder, f"its places are {far_min:,.0f} minutes apart at {found.metres_per_minute:g} metres a minute; at most {LONG_MIN:,}")  # fmt: skip
    return found


def _once(row: Row, column: str, taken: dict[str, str]) -> str:
    """The name in ``column``. A solution tells places by it, so nothing else of the day may have it."""
    name, here = row.name(column), f"{row.path.name}, line {row.number}"
    if name in taken:
        raise row.wrong(f"{column} {name} is there already ({taken[name]}); every name is used once")
    taken[name] = here
    return name


def _spot(row: Row) -> tuple[int, int]:
    return row.whole("x", -FAR_M, FAR_M), row.whole("y", -FAR_M, FAR_M)


def _restaurants(path: Path, taken: dict[str, str]) -> Iterator[Restaurant]:
    for row in rows(path, ("restaurant", "x", "y")):
        yield Restaurant(_once(row, "restaurant", taken), *_spot(row))


def _couriers(path: Path, taken: dict[str, str]) -> Iterator[Courier]:
    for row in rows(path, ("courier", "x", "y", "on_time", "off_time")):
        on_min, off_min = (row.whole(name, 0, LONG_MIN) for name in ("on_time", "off_time"))
        if off_min < on_min:
            raise row.wrong(f"off_time {off_min} is before on_time {on_min}; a shift ends when it starts or later")  # fmt: skip
        yield Courier(_once(row, "courier", taken), *_spot(row), on_min, off_min)


def _orders(path: Path, taken: dict[str, str], known: frozenset[str]) -> Iterator[MealOrder]:
    found = 0
    for row in rows(path, ("order", "x", "y", "placement_time", "restaurant", "ready_time")):
        placed_min, ready_min = row.whole("placement_time", 0, A_DAY_MIN), row.whole("ready_time", 0, LONG_MIN)  # fmt: skip
        if ready_min < placed_min:
            raise row.wrong(f"ready_time {ready_min} is before placement_time {placed_min}; nothing is ready before it is ordered")  # fmt: skip
        restaurant = row.name("restaurant")
        if restaurant not in known:
            raise row.wrong(f"restaurant {restaurant} is not one of {RESTAURANTS}")
        found += 1
        yield MealOrder(_once(row, "order", taken), *_spot(row), placed_min, restaurant, ready_min)
    if not found:
        raise wrong(path, "no orders; a day has at least one")


def _with_parameters(
    folder: Path,
    orders: tuple[MealOrder, ...],
    restaurants: tuple[Restaurant, ...],
    couriers: tuple[Courier, ...],
) -> Instance:
    """The whole instance. The columns of the parameters are known by their sequence."""
    speed, pickup, dropoff, target, most, by_order, by_hour = names = (
        "meters_per_minute", "pickup service minutes", "dropoff service minutes", "target click-to-door",
        "maximum click-to-door", "pay per order", "guaranteed pay per hour",
    )  # fmt: skip
    path = folder / PARAMETERS
    told = list(rows(path, names, named=False))
    if len(told) != 1:
        raise wrong(path, f"{len(told)} lines under the header; there is one, with {', '.join(names)}")
    (row,) = told
    row.real(target, 0, LONG_MIN)  # nothing is made of it
    return Instance(
        folder.resolve().name,
        orders,
        restaurants,
        couriers,
        row.real(speed, SLOW_M, FAR_M),
        row.whole(pickup, 0, A_DAY_MIN),
        row.whole(dropoff, 0, A_DAY_MIN),
        row.whole(most, 1, LONG_MIN),
        row.real(by_order, 0, FAR_M),
        row.real(by_hour, 0, FAR_M),
    )
