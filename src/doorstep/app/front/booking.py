"""The call that books a delivery in the demo, ready to be pasted into a terminal."""

import json
from functools import lru_cache
from random import Random
from typing import Any

from doorstep.demo import town
from doorstep.demo.founding import VISITORS_SHOP
from doorstep.demo.script import Script, StorePart
from doorstep.units.geo import LatLng

FURTHEST_M = 5_000


def call(played: Script, url: str) -> str | None:
    """A ``curl`` command for the visitors' shop at the network at ``url``; None when nobody plays that shop."""
    shop = next((part for part in played.merchants if part.slug == VISITORS_SHOP), None)
    if shop is None:
        return None
    body = json.dumps(_order(shop.stores[0]), ensure_ascii=False)
    assert "'" not in body
    return (
        f"curl {url}/v1/deliveries \\\n"
        f"  -H 'Authorization: Bearer {shop.key}' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )


@lru_cache(maxsize=4)
def _order(store: StorePart) -> dict[str, Any]:
    """A dozen cupcakes to a household near the shop; the same one each time."""
    spot = town.home_near(Random(store.id), LatLng(lat=store.lat, lng=store.lng), FURTHEST_M)
    address = spot.address
    return {
        "store": store.id,
        "dropoff": {
            "first_name": "Hannah",
            "phone": "+16155550142",
            "address": {
                "line1": address.line1,
                "city": address.city,
                "state": address.state,
                "postcode": address.postcode,
            },
            "point": {"lat": round(spot.point.lat, 5), "lng": round(spot.point.lng, 5)},
        },
        "cart_minor": 3600,
        "items": 12,
        "contains": [{"name": "Red velvet cupcake", "quantity": 12}],
        "requirements": ["fragile", "photo"],
        "tip_minor": 400,
    }
