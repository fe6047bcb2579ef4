"""How a courier company's courier brings an order: from being asked to the door, as the truth has it."""

from dataclasses import dataclass

from doorstep.sim.scenario import Company
from doorstep.sim.truth import Truth, quarter


@dataclass(frozen=True, slots=True)
class Errand:
    """One order with a courier company. Dispatch has no more to do with it."""

    row: int
    picked_s: int
    dropped_s: int
    fee_minor: int  # paid when it is brought


def errand(truth: Truth, company: Company, row: int, asked_s: int) -> Errand:
    """What comes of it when ``company`` takes the order ``row`` at ``asked_s``.

    Stops, traffic and the luck of the way to the door are those a driver would meet there.
    """
    orders, ground = truth.orders, truth.ground
    stop_s, door_s = int(orders.pickup_stop_s[row]), int(orders.drop_stop_s[row])
    inside_s = asked_s + round(company.pickup_s * float(orders.company_luck[row])) + stop_s // 2
    picked_s = max(inside_s, int(orders.ready_s[row]))
    leaves_s = picked_s + stop_s - stop_s // 2
    slow = float(truth.traffic[quarter(truth, leaves_s)]) * float(orders.leg_luck[row])
    span = ground.spans(truth.stores[orders.store[row]], orders.door[row])
    return Errand(row, picked_s, leaves_s + int(ground.seconds(span, slow)) + door_s // 2, company.fee_minor)
