"""From what a merchant asks to a delivery: the place found, the way measured, price and promise agreed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from doorstep.connectors.maps.protocol import Address, AddressQuery, Leg, Located, NotLocated
from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import queries, service
from doorstep.features.deliveries.errors import Repriced
from doorstep.features.deliveries.proofs import fresh_pin
from doorstep.features.deliveries.rules import (
    Delivery,
    Place,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
    load_units,
)
from doorstep.features.merchants import queries as merchants
from doorstep.features.merchants.errors import UnknownStore
from doorstep.features.merchants.rules import Store
from doorstep.features.quotes import service as quotes
from doorstep.features.quotes.rules import fingerprint
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a merchant wants delivered. ``units`` of load are reckoned from items and weight when None."""

    store_id: UUID
    external_id: str = ""
    quote_id: UUID | None = None
    level: ServiceLevel = ServiceLevel.EXPRESS
    window: TimeWindow | None = None
    ready_at: MarketInstant | None = None
    address: Address
    point: LatLng | None = None
    first_name: str
    last_name: str = ""
    phone: str = ""  # E.164
    instructions: str = ""
    property_type: str = ""
    items: int = 1
    units: int | None = None
    weight_g: int = 0
    cart: Money
    manifest: Sequence[Mapping[str, Any]] = field(default=())
    requirements: Requirements = field(default_factory=Requirements)
    return_policy: ReturnPolicy = ReturnPolicy.RETURN
    tip: Money


async def place(work: Work, connectors: Connectors, order: Order) -> Delivery:
    """Make a delivery of ``order``, at the price of its quote or at today's.

    Maps are asked before anything is written. Raises UnknownStore, Contradiction, quotes' NotEligible (with
    reasons and what could be had instead), UnknownQuote, QuoteUsed, QuoteExpired, QuoteMismatch, ExternalIdTaken,
    TipRefused, ledger's CreditExhausted; nothing is stored then.
    """
    service.refuse_contradictions(order.requirements, order.return_policy)
    store = await merchants.store(work, order.store_id)
    if work.actor.tenant is not None and store.merchant_id != work.actor.tenant:
        raise UnknownStore
    asked = quotes.Request(
        store_id=store.id,
        address=order.address,
        point=order.point,
        level=order.level,
        window=order.window,
        ready_at=order.ready_at,
        cart=order.cart,
        requirements=order.requirements.names(),
    )
    merchant = await merchants.merchant(work, store.merchant_id)
    found, leg = await _found(work, connectors, store, asked)
    if order.quote_id is not None and isinstance(found, Located):
        quote = await quotes.take(work, order.quote_id, fingerprint(quotes.wanted(asked, store, found)))
        promise, price, tariff, leg = quote.promise, quote.price, quote.tariff, quote.leg
    else:
        agreed = await quotes.assess(work, store, asked, found, leg, connectors=connectors, merchant=merchant)
        promise, price, tariff = agreed.promise, agreed.price, agreed.case.tariff.terms
    assert isinstance(found, Located)
    assert leg is not None
    pin = fresh_pin() if order.requirements.pin else None
    return await service.create(
        work,
        service.NewDelivery(
            merchant_id=store.merchant_id,
            market_id=store.market_id,
            store_id=store.id,
            external_id=order.external_id,
            quote_id=order.quote_id,
            service_level=order.level,
            pickup=_pickup(store),
            dropoff=_dropoff(found, order),
            shopper_first_name=order.first_name,
            shopper_last_name=order.last_name,
            requirements=order.requirements,
            return_policy=order.return_policy,
            items=order.items,
            units=order.units if order.units is not None else load_units(order.items, order.weight_g),
            weight_g=order.weight_g,
            cart=order.cart,
            manifest=order.manifest,
            ready_at=promise.ready_at,
            wanted_from=promise.wanted_from,
            earliest_drop_at=promise.earliest_drop_at,
            due_at=promise.due_at,
            leg_m=leg.metres,
            leg_s=leg.seconds,
            fee=price.total,
            fee_lines=[_line(line) for line in price.lines],
            tip=order.tip,
            tip_limit=tariff.money(tariff.tip_limit_minor),
            pin_sealed=connectors.secrets.seal(pin.encode()) if pin else None,
            credit_limit=merchant.billing.credit_limit,
            prepaid=merchant.billing.prepaid,
        ),
    )


async def change(
    work: Work,
    connectors: Connectors,
    delivery_id: UUID,
    wish: service.Amendment,
    *,
    address: Address | None = None,
    point: LatLng | None = None,
    window: TimeWindow | None = None,
) -> Delivery:
    """Amend a delivery, also to another address or window, when that costs the same.

    Raises what ``service.amend`` raises, quotes' NotEligible, and Repriced when the price would be another.
    """
    if address is None and window is None:
        return await service.amend(work, delivery_id, wish)
    before = await queries.delivery(work, delivery_id)
    service.refuse_frozen(
        before.state,
        replace(
            wish, dropoff=before.dropoff if address else None, due_at=before.due_at if window else wish.due_at
        ),
    )
    store = await merchants.store(work, before.store_id)
    asked = quotes.Request(
        store_id=store.id,
        address=address or _address(before.dropoff),
        point=point if address else before.dropoff.point,
        level=before.service_level,
        window=window or _window(before),
        ready_at=wish.ready_at or max(before.ready_at, work.now()),
        cart=before.cart,
        requirements=before.requirements.names(),
    )
    found, leg = await _found(work, connectors, store, asked)
    agreed = await quotes.assess(work, store, asked, found, leg, connectors=connectors)
    promise, would_be = agreed.promise, agreed.price.total
    assert isinstance(found, Located)
    assert leg is not None
    if would_be != before.fee:
        raise Repriced(facts={"fee_minor": before.fee.minor, "would_be_minor": would_be.minor})
    changes: dict[str, Any] = {}
    if address is not None:
        dropoff = _moved(before.dropoff, found)
        changes |= {"dropoff": dropoff, "leg_m": leg.metres, "leg_s": leg.seconds}
    if window is not None:
        changes |= {"earliest_drop_at": promise.earliest_drop_at, "due_at": promise.due_at}
        changes |= {"wanted_from": promise.wanted_from}
    return await service.amend(work, delivery_id, replace(wish, **changes))


async def _found(
    work: Work, connectors: Connectors, store: Store, asked: quotes.Request
) -> tuple[Located | NotLocated, Leg | None]:
    query = AddressQuery(address=asked.address, point=asked.point)
    return await quotes.locate_and_measure(connectors, store, query, asked.ready_at or work.now())


def _line(line: Any) -> dict[str, Any]:
    return {"kind": str(line.kind), "text": line.text, "amount_minor": line.amount.minor}


def _pickup(store: Store) -> Place:
    return Place(
        name=store.name,
        phone=store.phone,
        line1=store.address.line1,
        line2=store.address.line2,
        city=store.address.city,
        state=store.address.state,
        postcode=store.address.postcode,
        point=store.point,
        instructions=store.instructions,
    )


def _dropoff(found: Located, order: Order) -> Place:
    return Place(
        name=f"{order.first_name} {order.last_name}".strip(),
        phone=order.phone,
        line1=found.address.line1,
        line2=found.address.line2,
        city=found.address.city,
        state=found.address.state,
        postcode=found.address.postcode,
        point=found.point,
        instructions=order.instructions,
        precision=str(found.precision),
        property_type=order.property_type,
    )


def _moved(before: Place, found: Located) -> Place:
    fields = asdict(before) | {
        "line1": found.address.line1,
        "line2": found.address.line2,
        "city": found.address.city,
        "state": found.address.state,
        "postcode": found.address.postcode,
        "precision": str(found.precision),
    }
    return Place(**fields | {"point": found.point})


def _address(end: Place) -> Address:
    return Address(line1=end.line1, line2=end.line2, city=end.city, state=end.state, postcode=end.postcode)


def _window(delivery: Delivery) -> TimeWindow | None:
    if delivery.service_level is ServiceLevel.EXPRESS or delivery.earliest_drop_at is None:
        return None
    return TimeWindow(delivery.earliest_drop_at, delivery.due_at)
