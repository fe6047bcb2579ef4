"""Reads an instance folder: tab separated files, integer minutes and metres."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


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


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text().splitlines()
    return [line.split("\t") for line in lines[1:] if line.strip()]


def read(folder: Path) -> Instance:
    """The instance in ``folder``. Raises FileNotFoundError, ValueError for a malformed row."""
    orders = tuple(
        MealOrder(r[0], int(r[1]), int(r[2]), int(r[3]), r[4], int(r[5]))
        for r in _rows(folder / "orders.txt")
    )
    restaurants = tuple(Restaurant(r[0], int(r[1]), int(r[2])) for r in _rows(folder / "restaurants.txt"))
    couriers = tuple(
        Courier(r[0], int(r[1]), int(r[2]), int(r[3]), int(r[4])) for r in _rows(folder / "couriers.txt")
    )
    p = _rows(folder / "instance_parameters.txt")[0]
    return Instance(
        folder.name,
        orders,
        restaurants,
        couriers,
        float(p[0]),
        int(p[1]),
        int(p[2]),
        int(p[4]),
        float(p[5]),
        float(p[6]),
    )
