"""Merchants and stores that tests need."""

from doorstep.connectors.maps.protocol import Address
from doorstep.features.markets.rules import TariffKind
from doorstep.features.merchants import service
from doorstep.features.merchants.rules import ALWAYS, Hours, Merchant, NewMerchant, NewStore, Store
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.ids import MerchantId
from doorstep.units.money import Money

DOWNTOWN = Address(line1="400 Redbud St", city="Nashville", state="TN", postcode="37203")
DOWNTOWN_POINT = LatLng(lat=36.1512, lng=-86.7895)  # in ZIP 37203
EAST = Address(line1="12 Larkspur Ln", city="Nashville", state="TN", postcode="37206")
EAST_POINT = LatLng(lat=36.1735, lng=-86.7489)  # in ZIP 37206, three miles away


async def make_merchant(
    work: Work,
    name: str = "Cupcake Corner",
    kind: TariffKind = TariffKind.MERCHANT_DISTANCE,
    credit_limit_minor: int = 500_00,
    *,
    prepaid: bool = False,
) -> Merchant:
    """A merchant with credit."""
    return await service.create_merchant(
        work,
        NewMerchant(name=name, tariff_kind=kind, credit_limit=Money(credit_limit_minor), prepaid=prepaid),
    )


async def make_store(
    work: Work,
    merchant_id: MerchantId,
    name: str = "Broadway",
    address: Address = DOWNTOWN,
    point: LatLng = DOWNTOWN_POINT,
    hours: Hours = ALWAYS,
    external_id: str = "",
) -> Store:
    """A store on Broadway in Nashville, open day and night unless told. The market must be there."""
    return await service.create_store(
        work,
        NewStore(
            merchant_id=merchant_id,
            name=name,
            address=address,
            point=point,
            hours=hours,
            phone="(615) 555-0142",
            instructions="Counter at the back.",
            external_id=external_id,
        ),
    )
