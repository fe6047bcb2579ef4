"""What people of this town order, and when. Pure: chance is passed in."""

from collections.abc import Sequence
from dataclasses import asdict
from random import Random
from typing import Any

from doorstep.connectors.us.zips import ZipArea
from doorstep.demo import town
from doorstep.units.geo import LatLng

ORDERS_AN_HOUR = (
    *(5, 4, 3, 3, 3, 5, 8, 12, 16, 20, 26, 32),
    *(34, 30, 24, 24, 30, 38, 38, 32, 24, 16, 10, 7),
)
"""Orders of the whole town in each local hour."""
SHARE_OF_TRADE = {"grocery": 0.6, "bakery": 0.16, "pharmacy": 0.24}
REACH_M = {"grocery": 7_000, "bakery": 8_000, "pharmacy": 7_500}
UNWANTED_SHARE = 0.09
"""Orders no driver likes: heavy, many stairs, no tip. A courier company takes most of them in the end."""
UNWANTED_G = 17_000
_GOODS = {
    "grocery": ("Oat milk", "Sourdough", "Gala apples", "Ground coffee", "Black beans", "Paper towels", "Yoghurt"),
    "bakery": ("Red velvet cupcake", "Lemon tart", "Birthday cake", "Macaron box"),
    "pharmacy": ("Allergy tablets", "Gift card", "Sunscreen", "Candle", "Vitamin D"),
}  # fmt: skip
_CART_MINOR = {"grocery": (32_00, 185_00), "bakery": (16_00, 92_00), "pharmacy": (9_00, 140_00)}
_FIRST_NAMES = (
    "Alice",
    "Bruno",
    "Cleo",
    "Dev",
    "Esther",
    "Frank",
    "Grace",
    "Hal",
    "Iris",
    "Jo",
    "Kim",
    "Leo",
)
_LAST_NAMES = ("Adler", "Boone", "Carter", "Diaz", "Ellis", "Fong", "Greer", "Hayes", "Irwin", "Jain")
_NOTES = ("", "", "", "Blue door.", "The dog is friendly.", "Ring twice, please.", "Second gate on the left.")


def draw_order(
    chance: Random, trade: str, store_id: str, store: LatLng, homes: Sequence[ZipArea]
) -> dict[str, Any]:
    """The body of a delivery that somebody orders from a store."""
    spot = town.home_near(chance, store, REACH_M[trade], homes)
    unwanted = trade == "grocery" and chance.random() < UNWANTED_SHARE / SHARE_OF_TRADE["grocery"]
    wanted = ["photo"] if unwanted else _requirements(chance, trade)
    low, high = _CART_MINOR[trade]
    cart_minor = round(chance.triangular(low, high, low + (high - low) * 0.25))
    items = max(1, cart_minor // chance.randint(450, 900))
    goods = chance.sample(_GOODS[trade], min(items, chance.randint(1, 3)))
    return {
        "store": store_id,
        "dropoff": {
            "address": {
                key: value
                for key, value in asdict(spot.address).items()
                if key in {"line1", "line2", "city", "state", "postcode"}
            },
            "point": {"lat": spot.point.lat, "lng": spot.point.lng},
            "first_name": chance.choice(_FIRST_NAMES),
            "last_name": chance.choice(_LAST_NAMES),
            "phone": f"+1615555{chance.randint(150, 199):04d}",
            "instructions": "Third floor, no lift, sorry." if unwanted else chance.choice(_NOTES),
        },
        "cart_minor": cart_minor,
        "items": items,
        "weight_g": UNWANTED_G + chance.randint(0, 4_000) if unwanted else min(items * 450, 14_000),
        "contains": [{"name": name, "quantity": chance.randint(1, 4)} for name in goods],
        "requirements": wanted,
        "tip_minor": 0 if unwanted else _tip_minor(chance, cart_minor),
    }


def _tip_minor(chance: Random, cart_minor: int) -> int:
    if chance.random() < 0.3:
        return 0
    percent = chance.choice((5, 10, 10, 15))
    return min(cart_minor * percent // 1000 * 10, 25_00)


def _requirements(chance: Random, trade: str) -> list[str]:
    """Flags that go together: what is left at the door asks for no code, no name and no paper."""
    wanted = []
    if trade == "grocery":
        wanted += ["cold"] if chance.random() < 0.55 else []
        wanted += ["heavy"] if chance.random() < 0.05 else []
        if chance.random() < 0.1:
            return [*wanted, "alcohol", "age_21"]
    elif trade == "bakery":
        wanted += ["fragile"]
    else:
        if chance.random() < 0.12:
            return ["high_value", "signature"]
        if chance.random() < 0.35:
            return [chance.choice(("pin", "signature"))]
    door = chance.random()
    if door < 0.3:
        wanted += ["contactless"]
    elif door < 0.45:
        wanted += ["pin"]
    if "pin" not in wanted and chance.random() < 0.5:
        wanted += ["photo"]
    return wanted
