"""The verbs of merchants and stores."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from doorstep.connectors.maps.protocol import Address
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market
from doorstep.features.markets.seeds import slug_of
from doorstep.features.merchants import events, queries
from doorstep.features.merchants.errors import (
    MalformedPhone,
    OutsideMarkets,
    SlugTaken,
    StoreNumberTaken,
    UnknownMerchant,
    UnknownStore,
)
from doorstep.features.merchants.models import MerchantRow, MerchantTermsRow, StoreRow
from doorstep.features.merchants.rules import (
    Brand,
    Hours,
    Merchant,
    NewMerchant,
    NewStore,
    Store,
    StoreState,
)
from doorstep.platform import audit
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid
from doorstep.platform.events import Event
from doorstep.units.geo import LatLng
from doorstep.units.ids import public
from doorstep.units.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEdit:
    """What to change about a store; None leaves a thing as it is. ``address`` and ``point`` go together."""

    name: str | None = None
    external_id: str | None = None
    address: Address | None = None
    point: LatLng | None = None
    hours: Hours | None = None
    instructions: str | None = None
    prep_s: int | None = None
    phone: str | None = None
    state: StoreState | None = None


def e164(text: str, region: str = "US") -> str:
    """``text`` as E.164 (+16155550142), empty stays empty; numbers without a country are of ``region``.

    Raises MalformedPhone.
    """
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise MalformedPhone(faults=[Fault("/phone", "not a phone number")]) from error
    if not phonenumbers.is_possible_number(number):
        raise MalformedPhone(faults=[Fault("/phone", "not a possible phone number")])
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


async def create_merchant(work: Work, new: NewMerchant) -> Merchant:
    """Take a merchant in. For staff and the network itself. Raises SlugTaken, Invalid (negative credit)."""
    _check_credit(new.credit_limit)
    merchant_id, now = work.new_id(), work.now()
    made = await work.session.execute(
        insert(MerchantRow)
        .values(
            id=merchant_id,
            name=new.name,
            slug=new.slug or slug_of(new.name),
            brand=asdict(new.brand),
            batching=new.batching,
            events_count=1,
            created_at=now,
            created_wall=work.wall(),
        )
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(MerchantRow.id)
    )
    if made.one_or_none() is None:
        raise SlugTaken
    work.session.add(
        MerchantTermsRow(
            merchant_id=merchant_id,
            credit_limit_minor=new.credit_limit.minor,
            currency=new.credit_limit.currency,
            prepaid=new.prepaid,
            tariff_kind=new.tariff_kind.value,
        )
    )
    await work.session.flush()
    work.emit(
        events.MerchantCreated(merchant_id=merchant_id, at=now), stream=events.stream(merchant_id), seq=1
    )
    await audit.record(
        work,
        "merchant.create",
        public("merchant", merchant_id),
        after={"name": new.name, "credit_limit_minor": new.credit_limit.minor, "prepaid": new.prepaid},
    )
    return await queries.merchant(work, merchant_id)


async def set_brand(work: Work, merchant_id: UUID, brand: Brand, name: str | None = None) -> Merchant:
    """Give a merchant another look, and another name if one is told. Raises UnknownMerchant."""
    row = await _held(work, merchant_id)
    before = {"name": row.name, "brand": row.brand}
    row.brand = asdict(brand)
    row.name = row.name if name is None else name
    await work.session.flush()
    await audit.record(
        work,
        "merchant.set_brand",
        public("merchant", merchant_id),
        before=before,
        after={"name": row.name, "brand": row.brand},
    )
    return await queries.merchant(work, merchant_id)


async def set_batching(work: Work, merchant_id: UUID, batching: bool) -> Merchant:
    """Say whether a merchant's deliveries may share a trip with others. Raises UnknownMerchant."""
    row = await _held(work, merchant_id)
    row.batching = batching
    await work.session.flush()
    return await queries.merchant(work, merchant_id)


async def set_credit(
    work: Work, merchant_id: UUID, *, credit_limit: Money, prepaid: bool, reason: str
) -> Merchant:
    """Let a merchant owe at most ``credit_limit``, or pay beforehand. Deliveries under way are untouched.

    Raises UnknownMerchant, and Invalid for a negative limit, another currency or no reason.
    """
    _check_credit(credit_limit)
    if not reason.strip():
        raise Invalid("A reason must be written down.", faults=[Fault("/reason", "empty")])
    held = await _held(work, merchant_id)
    row = await work.session.get(MerchantTermsRow, merchant_id, with_for_update=True, populate_existing=True)
    assert row is not None, "every merchant has terms"
    if credit_limit.currency != row.currency:
        raise Invalid(f"This merchant counts in {row.currency}.", faults=[Fault("/currency", "another")])
    before = {"credit_limit_minor": row.credit_limit_minor, "prepaid": row.prepaid}
    after = {"credit_limit_minor": credit_limit.minor, "prepaid": prepaid}
    if before == after:
        return await queries.merchant(work, merchant_id)
    row.credit_limit_minor, row.prepaid = credit_limit.minor, prepaid
    _tell(
        work,
        held,
        events.CreditChanged(
            merchant_id=merchant_id,
            credit_limit_minor=credit_limit.minor,
            prepaid=prepaid,
            currency=row.currency,
            at=work.now(),
        ),
    )
    await work.session.flush()
    await audit.record(
        work,
        "merchant.set_credit",
        public("merchant", merchant_id),
        before=before,
        after=after,
        reason=reason.strip(),
    )
    return await queries.merchant(work, merchant_id)


async def create_store(work: Work, new: NewStore) -> Store:
    """Open a store in the market that holds its point. Raises UnknownMerchant, OutsideMarkets, StoreNumberTaken, MalformedPhone."""
    phone = e164(new.phone)
    merchant = await _held(work, new.merchant_id)
    market = await _market_of(work, new.point)
    await _check_number(work, new.merchant_id, new.external_id)
    store_id, now = work.new_id(), work.now()
    row = StoreRow(
        id=store_id,
        merchant_id=new.merchant_id,
        market_id=market.id,
        external_id=new.external_id,
        name=new.name,
        address=queries.stored_address(new.address),
        lat=new.point.lat,
        lng=new.point.lng,
        timezone=market.timezone.key,
        hours=queries.stored_hours(new.hours),
        instructions=new.instructions,
        prep_s=new.prep_s,
        phone=phone,
        state=StoreState.ACTIVE.value,
        created_at=now,
        created_wall=work.wall(),
    )
    await _write(work, row)
    _tell(
        work,
        merchant,
        events.StoreOpened(merchant_id=new.merchant_id, store_id=store_id, market_id=market.id, at=now),
        market.id,
    )
    await audit.record(
        work,
        "store.create",
        public("store", store_id),
        after={"name": new.name, "market": public("market", market.id)},
    )
    return queries.store_view(row)


async def edit_store(work: Work, store_id: UUID, edit: StoreEdit) -> Store:
    """Change what ``edit`` names. A move may put the store into another market; deliveries under way keep theirs.

    Raises UnknownStore, OutsideMarkets, StoreNumberTaken, MalformedPhone.
    """
    row = await work.session.get(StoreRow, store_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownStore
    changed: dict[str, Any] = {}
    if edit.point is not None and edit.address is not None:
        market = await _market_of(work, edit.point)
        changed |= {
            "market_id": market.id,
            "timezone": market.timezone.key,
            "address": queries.stored_address(edit.address),
            "lat": edit.point.lat,
            "lng": edit.point.lng,
        }
    if edit.external_id is not None and edit.external_id != row.external_id:
        await _check_number(work, row.merchant_id, edit.external_id)
        changed["external_id"] = edit.external_id
    if edit.phone is not None:
        changed["phone"] = e164(edit.phone)
    if edit.hours is not None:
        changed["hours"] = queries.stored_hours(edit.hours)
    if edit.state is not None:
        changed["state"] = edit.state.value
    changed |= {
        name: value
        for name in ("name", "instructions", "prep_s")
        if (value := getattr(edit, name)) is not None
    }
    before = {name: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    await _write(work, row)
    if changed:
        await audit.record(work, "store.edit", public("store", store_id), before=before, after=changed)
    return queries.store_view(row)


def _check_credit(limit: Money) -> None:
    if limit.minor < 0:
        raise Invalid("A credit limit is not negative.", faults=[Fault("/credit_limit_minor", "negative")])


async def _held(work: Work, merchant_id: UUID) -> MerchantRow:
    row = await work.session.get(MerchantRow, merchant_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownMerchant
    return row


async def _market_of(work: Work, point: LatLng) -> Market:
    market = await markets.market_at(work, point)
    if market is None:
        raise OutsideMarkets(faults=[Fault("/address", "in no market")])
    return market


async def _check_number(work: Work, merchant_id: UUID, external_id: str) -> None:
    taken = select(StoreRow.id).where(
        StoreRow.merchant_id == merchant_id, StoreRow.external_id == external_id
    )
    if external_id and (await work.session.scalar(taken)) is not None:
        raise StoreNumberTaken(faults=[Fault("/external_id", "taken")])


async def _write(work: Work, row: StoreRow) -> None:
    work.session.add(row)
    try:
        async with work.session.begin_nested():
            await work.session.flush()
    except IntegrityError as error:  # the same number at the same moment
        if "uq_stores_external" not in str(error.orig):
            raise
        raise StoreNumberTaken(faults=[Fault("/external_id", "taken")]) from error


def _tell(work: Work, row: MerchantRow, event: Event, market_id: UUID | None = None) -> None:
    """Number the event and tell it. The row must be locked."""
    row.events_count += 1
    work.emit(event, stream=events.stream(row.id), seq=row.events_count, market_id=market_id)
