"""Which courier networks this installation can speak to."""

from collections.abc import Mapping

import httpx

from doorstep.connectors.couriers.protocol import Courier
from doorstep.connectors.couriers.twin_client import TwinCourier

TWIN_SLUG = "swift"


def courier_networks(environ: Mapping[str, str], http: httpx.AsyncClient) -> dict[str, Courier]:
    """Networks by the provider's slug, from ``DOORSTEP_COURIER_TWIN_URL`` and ``_KEY``; none without them."""
    url, key = environ.get("DOORSTEP_COURIER_TWIN_URL", ""), environ.get("DOORSTEP_COURIER_TWIN_KEY", "")
    return {TWIN_SLUG: TwinCourier(url, key, http)} if url and key else {}
