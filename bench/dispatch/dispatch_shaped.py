"""One dispatch moment as a pickup-and-delivery problem: own starts, open ends, capacity 4. Reads its two CSV files."""

import csv
from pathlib import Path

import numpy as np

from doorstep.engine.routes.problem import Problem, Request, Vehicle, Visit

METRES_A_MINUTE = 320.0
SERVICE_S = 120.0
END_S = 10_800.0
CAPACITY = 4.0


def load(folder: Path, size: str) -> Problem:
    """The problem of ``size``, as ``200x150``; travel in whole seconds, rounded up."""
    with (folder / f"{size}_shipments.csv").open() as text:
        shipments = list(csv.DictReader(text))
    with (folder / f"{size}_drivers.csv").open() as text:
        drivers = list(csv.DictReader(text))
    points = [
        (float(s[f"{end}_x_m"]), float(s[f"{end}_y_m"])) for s in shipments for end in ("pickup", "dropoff")
    ]
    points += [(float(d["x_m"]), float(d["y_m"])) for d in drivers]
    places = np.array(points)
    gaps = places[:, None, :] - places[None, :, :]
    travel_s = np.ceil(np.sqrt((gaps * gaps).sum(axis=2)) / METRES_A_MINUTE * 60)
    requests = tuple(
        Request(
            s["shipment"],
            Visit(2 * k, float(s["ready_s"]), END_S, SERVICE_S),
            Visit(2 * k + 1, 0.0, float(s["due_s"]), SERVICE_S),
        )
        for k, s in enumerate(shipments)
    )
    fleet = tuple(
        Vehicle(
            d["driver"],
            2 * len(shipments) + k,
            None,
            CAPACITY,
            starts_s=float(d["free_from_s"]),
            ends_s=END_S,
        )
        for k, d in enumerate(drivers)
    )
    return Problem(requests, fleet, travel_s)
