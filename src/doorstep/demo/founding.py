"""Makes the demo network before its processes start: both pilots, Nashville open, with everybody in it.

Runs in one transaction as the network itself; safe to repeat. Credentials of the actors are made anew
whenever the script that held them is gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from secrets import token_urlsafe

from doorstep.connectors.couriers.directory import TWIN_SLUG
from doorstep.demo import town
from doorstep.demo.script import DriverPart, MerchantPart, Script, StorePart, VisitorPart, load_script
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers import service as drivers_service
from doorstep.features.drivers.rules import Ability, NewDriver, VehicleKind
from doorstep.features.identity import queries as identity_queries
from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import LIFETIMES, DemoRole, MerchantRole, Scope, StaffRole
from doorstep.features.markets import service as markets_service
from doorstep.features.markets.rules import Market, ServiceLevel, Stage, TariffKind
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants import service as merchants_service
from doorstep.features.merchants.rules import Brand, NewMerchant, NewStore
from doorstep.features.providers import queries as providers
from doorstep.features.providers import service as providers_service
from doorstep.features.providers.service import NewDeal
from doorstep.platform.auth.actors import Audience
from doorstep.platform.db.work import Work
from doorstep.platform.secrets import Secrets
from doorstep.units.geo import LatLng
from doorstep.units.ids import public
from doorstep.units.money import Money

DRIVERS = 60
VISITOR_PHONE = "+16295550199"
"""Of the driver that a visitor enters as; no actor plays her while a visitor is inside."""
VISITORS_SHOP = "sugar-rail"
"""The shop that a visitor enters as, and whose key the front page shows on this machine."""
_LONGEST_RUN = timedelta(days=7)
"""A session that would end sooner is replaced when the demo starts."""
CREDIT = Money(250_000_00)
"""So wide that a demo of many days does not stop for a bill; real merchants get a narrow one."""
_FIRST_NAMES = (
    "Ada", "Amir", "Ana", "Ben", "Bea", "Carlos", "Chloe", "Dana", "Deng", "Elena", "Eli", "Farah", "Finn",
    "Gina", "Hana", "Hugo", "Ines", "Ivan", "Jada", "Jonas", "Kai", "Kemi", "Lena", "Luis", "Maya", "Mei",
    "Nia", "Noor", "Omar", "Paula", "Quinn", "Rosa", "Sami", "Tessa", "Tom", "Uma", "Vera", "Will", "Yara", "Zoe",
)  # fmt: skip
_LAST_NAMES = (
    "Abara", "Brooks", "Castillo", "Dahl", "Ekström", "Farrow", "Grady", "Hollis", "Imada", "Jarvis", "Keller",
    "Lindqvist", "Moreau", "Nakai", "Okafor", "Prentiss", "Quiroga", "Ramsey", "Sandoval", "Tennant",
)  # fmt: skip
_VEHICLES = (
    (VehicleKind.CAR, "Corolla", 34), (VehicleKind.CAR, "Civic", 20), (VehicleKind.SUV, "RAV4", 22),
    (VehicleKind.SUV, "CR-V", 12), (VehicleKind.VAN, "Transit", 7), (VehicleKind.TRUCK, "F-150", 5),
)  # fmt: skip
_COLOURS = ("white", "grey", "blue", "red", "black", "green", "silver")
_STAFF = (
    ("owner@demo.example", "Olive Owner", StaffRole.OWNER),
    ("dispatch@demo.example", "Dina Dispatcher", StaffRole.DISPATCHER),
    ("finance@demo.example", "Fred Finance", StaffRole.FINANCE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    name: str
    slug: str
    trade: str
    tariff: TariffKind
    colour: str
    help_phone: str
    stores: int
    prep_s: int
    instructions: str


_SHOPS = (
    _Shop(
        name="Cloverleaf Market",
        slug="cloverleaf",
        trade="grocery",
        tariff=TariffKind.GROCERY_OWN,
        colour="#14532d",
        help_phone="(615) 555-0161",
        stores=8,
        prep_s=12 * 60,
        instructions="Park in the bays marked Pickup and say the order number at the side door.",
    ),
    _Shop(
        name="Sugar Rail Cupcakes",
        slug="sugar-rail",
        trade="bakery",
        tariff=TariffKind.MERCHANT_DISTANCE,
        colour="#9d174d",
        help_phone="(615) 555-0162",
        stores=2,
        prep_s=6 * 60,
        instructions="Ring once at the counter. Boxes stay level.",
    ),
    _Shop(
        name="Juniper Pharmacy & Gifts",
        slug="juniper",
        trade="pharmacy",
        tariff=TariffKind.MERCHANT_DISTANCE,
        colour="#1e3a8a",
        help_phone="(615) 555-0163",
        stores=3,
        prep_s=8 * 60,
        instructions="The pickup window is left of the entrance.",
    ),
)


async def found(work: Work, secrets: Secrets, home: Path, seed: int) -> Script:
    """Make what is missing; returns what the actors are to be handed once this is committed."""
    before = load_script(home)
    nashville = (await markets_service.seed_pilots(work))[0]
    if nashville.stage is Stage.PILOT:
        await markets_service.set_stage(work, nashville.id, Stage.OPEN, "the demo begins")
    there = {merchant.slug for merchant in await merchants.search(work, limit=100)}
    if not there.intersection(shop.slug for shop in _SHOPS):
        await _make(work, Random(f"{seed}:founding"), nashville)
    kept = {} if before is None else {part.name: part.key for part in before.merchants}
    parts = [await _merchant_part(work, shop, kept) for shop in _SHOPS]
    return Script(
        seed=seed,
        merchants=tuple(parts),
        visitor=await _visitor_part(work, parts, before),
        drivers=await _driver_parts(work, seed, nashville, parts),
        twin_webhook_secret=await _provider(work, secrets, nashville, before),
        twin_key=before.twin_key if before else token_urlsafe(24),
    )


async def _make(work: Work, chance: Random, nashville: Market) -> None:
    for shop in _SHOPS:
        merchant = await merchants_service.create_merchant(
            work,
            NewMerchant(
                name=shop.name,
                slug=shop.slug,
                brand=Brand(colour=shop.colour, help_phone=shop.help_phone),
                credit_limit=CREDIT,
                tariff_kind=shop.tariff,
            ),
        )
        for number, spot in enumerate(town.store_spots(chance, shop.stores), 1):
            await merchants_service.create_store(
                work,
                NewStore(
                    merchant_id=merchant.id,
                    name=f"{shop.name}, {spot.address.line1.split(maxsplit=1)[1]}",
                    address=spot.address,
                    point=spot.point,
                    instructions=shop.instructions,
                    prep_s=shop.prep_s,
                    phone=f"+1615555{100 + number:04d}",
                    external_id=f"{number:03d}",
                ),
            )
        user = await identity.create_user(
            work,
            merchant.id,
            email=f"counter@{shop.slug}.example",
            name="Cora Counter",
            role=MerchantRole.ADMIN,
            password=token_urlsafe(24),
        )
        if shop.slug == VISITORS_SHOP:
            await identity.mark_demo_entry(work, DemoRole.SHOP, user.id, merchant.id)
    for number in range(DRIVERS):
        await drivers_service.create_driver(work, _new_driver(chance, nashville, number))
    visitor = await drivers_service.create_driver(
        work,
        NewDriver(
            market_id=nashville.id,
            first_name="Marisol",
            last_name="Vega",
            phone=VISITOR_PHONE,
            kind=VehicleKind.CAR,
            make="Corolla",
            colour="yellow",
            abilities=frozenset(Ability),
        ),
    )
    await identity.mark_demo_entry(work, DemoRole.DRIVER, visitor.id)
    for email, name, role in _STAFF:
        person = await identity.create_staff(work, email=email, name=name, role=role)
        if role is StaffRole.DISPATCHER:
            await identity.mark_demo_entry(work, DemoRole.DISPATCHER, person.id)


def _new_driver(chance: Random, market: Market, number: int) -> NewDriver:
    kind, make, _ = chance.choices(_VEHICLES, [weight for _, _, weight in _VEHICLES])[0]
    # Most can do most things; what few can do makes some orders wait for the right driver.
    likely = {
        Ability.AGE_CHECK: 0.8,
        Ability.ALCOHOL: 0.7,
        Ability.COLD_BAG: 0.85,
        Ability.HEAVY: 0.6,
        Ability.HIGH_VALUE: 0.4,
    }
    return NewDriver(
        market_id=market.id,
        first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
        last_name=chance.choice(_LAST_NAMES),
        phone=f"+1629555{100 + number:04d}",
        kind=kind,
        make=make,
        colour=chance.choice(_COLOURS),
        abilities=frozenset(ability for ability, share in likely.items() if chance.random() < share),
    )


async def _merchant_part(work: Work, shop: "_Shop", kept: Mapping[str, str]) -> MerchantPart:
    merchant = await merchants.by_slug(work, shop.slug)
    key = kept.get(merchant.name)
    if key is None:
        scopes = (Scope.DELIVERIES_READ, Scope.DELIVERIES_WRITE, Scope.QUOTES, Scope.WEBHOOKS)
        key = (await identity.create_key(work, merchant.id, scopes, "the demo's shop software")).secret
    stores = await merchants.stores(work, merchant.id)
    return MerchantPart(
        name=merchant.name,
        slug=shop.slug,
        trade=shop.trade,
        key=key,
        stores=tuple(
            StorePart(id=public("store", store.id), name=store.name, lat=store.point.lat, lng=store.point.lng)
            for store in stores
        ),
    )


async def _driver_parts(
    work: Work, seed: int, market: Market, shops: Sequence[MerchantPart]
) -> tuple[DriverPart, ...]:
    found = await drivers.search(work, limit=DRIVERS + 100, market_id=market.id)
    parts = []
    for driver in sorted(found, key=lambda one: one.phone):
        if driver.phone == VISITOR_PHONE:
            continue
        chance = Random(f"{seed}:start:{driver.phone}")
        store = chance.choice([store for shop in shops for store in shop.stores])
        start = town.near(chance, LatLng(lat=store.lat, lng=store.lng), 4_000)
        parts.append(
            DriverPart(
                name=f"{driver.first_name} {driver.last_name}",
                phone=driver.phone,
                lat=start.lat,
                lng=start.lng,
            )
        )
    return tuple(parts)


async def _visitor_part(
    work: Work, shops: Sequence[MerchantPart], before: Script | None
) -> VisitorPart | None:
    """The visitor's driver with a session of the demo's own beside hers, so that her car can be moved."""
    driver_id = await identity_queries.demo_subject(work, DemoRole.DRIVER)
    if driver_id is None:
        return None
    session = before.visitor.session if before is not None and before.visitor is not None else ""
    known = await identity_queries.session_of(work, session, Audience.DRIVER) if session else None
    lifetime = LIFETIMES[Audience.DRIVER]
    if known is None or lifetime.over(
        opened=known.opened_wall, seen=known.seen_wall, at=work.wall() + _LONGEST_RUN
    ):
        session = (await identity.open_session(work, Audience.DRIVER, driver_id)).token
    store = next(part for part in shops if part.slug == VISITORS_SHOP).stores[0]
    return VisitorPart(phone=VISITOR_PHONE, session=session, lat=store.lat, lng=store.lng)


async def _provider(work: Work, secrets: Secrets, market: Market, before: Script | None) -> str:
    """The courier company with its deal; the secret that signs its webhooks."""
    there = await providers.by_slug(work, TWIN_SLUG)
    if there is not None:
        if before is not None:
            return before.twin_webhook_secret
        return await providers_service.renew_webhook_secret(work, secrets, there.id)
    entered = await providers_service.create_provider(work, secrets, name="Swift Couriers", slug=TWIN_SLUG)
    await providers_service.create_deal(
        work,
        NewDeal(
            provider_id=entered.provider.id,
            market_id=market.id,
            service_levels=frozenset(ServiceLevel),
            starts_at=work.now(),
            abilities=("photo", "contactless", "signature", "pin", "cold", "fragile"),
        ),
    )
    return entered.webhook_secret
