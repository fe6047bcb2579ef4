"""Routes of merchants: about themselves and their stores, and for staff."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from doorstep.connectors.maps.protocol import AddressQuery, Located, NotLocated
from doorstep.connectors.outside import Connectors
from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import Scope, StaffRole
from doorstep.features.merchants import api_people, queries, rules, schemas, service
from doorstep.features.merchants.errors import AddressNotFound
from doorstep.platform.auth.gate import MerchantWork, StaffWork, need
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault
from doorstep.platform.http.idempotency import once
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import MerchantId, parse, public
from doorstep.units.money import Money

own = APIRouter(prefix="/v1", tags=["merchant"], responses=PROBLEMS)
staff = APIRouter(prefix="/staff/v1/merchants", tags=["staff: merchants"], responses=PROBLEMS)
routers = [own, api_people.router, staff]

StorePath = Annotated[str, Path(max_length=40, examples=["str_01jd0000000000000000000000"])]
MerchantPath = Annotated[str, Path(max_length=40, examples=["mer_01jd0000000000000000000000"])]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]


def _me(work: Work) -> MerchantId:
    assert work.actor.tenant is not None
    return MerchantId(work.actor.tenant)


@own.get("/merchant")
async def read_own(work: MerchantWork) -> schemas.Merchant:
    """The merchant whose key this is."""
    need(work, Scope.DELIVERIES_READ)
    return schemas.Merchant.of(await queries.merchant(work, _me(work)))


@own.patch("/merchant")
async def change_own(work: MerchantWork, wanted: schemas.BrandAsked) -> schemas.Merchant:
    """Change name, colours, logo. The answer tells whether text can be read on the colour."""
    need(work, Scope.DELIVERIES_WRITE)
    merchant = await queries.merchant(work, _me(work))
    changed = await service.set_brand(work, merchant.id, wanted.onto(merchant.brand), wanted.name)
    return schemas.Merchant.of(changed)


@own.get("/stores")
async def list_stores(work: MerchantWork, limit: Limit = 50, cursor: Cursor = None) -> Page[schemas.Store]:
    """Your stores, newest first."""
    need(work, Scope.DELIVERIES_READ)
    return await _stores(work, _me(work), limit, cursor)


async def _stores(work: Work, merchant_id: MerchantId, limit: int, cursor: str | None) -> Page[schemas.Store]:
    found = await queries.stores(work, merchant_id, limit=limit + 1, before=read_cursor(cursor))
    following = cursor_after(found[limit - 1].id) if len(found) > limit else None
    now = work.now()
    return Page(items=[schemas.Store.of(store, now) for store in found[:limit]], next=following)


@own.post("/stores", status_code=201, response_model=schemas.Store)
async def open_store(
    work: MerchantWork,
    request: Request,
    wanted: schemas.NewStore,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Open a store; its market follows from where it is."""
    need(work, Scope.DELIVERIES_WRITE)
    found = await _find(request, wanted.address, wanted.point)

    async def act() -> JSONResponse:
        made = await service.create_store(
            work,
            rules.NewStore(
                merchant_id=_me(work),
                name=wanted.name,
                external_id=wanted.external_id,
                address=found.address,
                point=found.point,
                hours=wanted.hours.value(),
                instructions=wanted.instructions,
                prep_s=wanted.prep_s,
                phone=wanted.phone,
            ),
        )
        return JSONResponse(schemas.Store.of(made, work.now()).model_dump(mode="json"), 201)

    return await once(work, request, idempotency_key, act)


@own.get("/stores/{store_id}")
async def read_store(work: MerchantWork, store_id: StorePath) -> schemas.Store:
    """One of your stores."""
    need(work, Scope.DELIVERIES_READ)
    return schemas.Store.of(await queries.store(work, parse("store", store_id)), work.now())


@own.patch("/stores/{store_id}")
async def change_store(
    work: MerchantWork, request: Request, store_id: StorePath, wanted: schemas.StoreChange
) -> schemas.Store:
    """Change a store; what is left out stays. A new address moves it, a new point alone corrects it."""
    need(work, Scope.DELIVERIES_WRITE)
    store = await queries.store(work, parse("store", store_id))
    found = None
    if wanted.address is not None or wanted.point is not None:
        address = wanted.address or schemas.Address.of(store.address)
        found = await _find(request, address, wanted.point)
    changed = await service.edit_store(
        work,
        store.id,
        service.StoreEdit(
            name=wanted.name,
            external_id=wanted.external_id,
            address=None if found is None else found.address,
            point=None if found is None else found.point,
            hours=None if wanted.hours is None else wanted.hours.value(),
            instructions=wanted.instructions,
            prep_s=wanted.prep_s,
            phone=wanted.phone,
            state=wanted.state,
        ),
    )
    return schemas.Store.of(changed, work.now())


async def _find(request: Request, address: schemas.Address, point: schemas.Point | None) -> Located:
    """The place of a store's address. Raises AddressNotFound."""
    connectors: Connectors = request.app.state.connectors
    query = AddressQuery(address=address.value(), point=None if point is None else point.value())
    found = await connectors.geocoder.locate(query)
    if isinstance(found, NotLocated):
        raise AddressNotFound(
            found.message,
            faults=[Fault("/address", found.reason.value)],
            facts={"suggestions": list(found.suggestions)} if found.suggestions else None,
        )
    return found


@staff.get("")
async def list_merchants(
    work: StaffWork,
    search: Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$", description="In name or slug.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.Merchant]:
    """Merchants, newest first."""
    found = await queries.search(work, limit=limit + 1, before=read_cursor(cursor), text=search)
    following = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[schemas.Merchant.of(merchant) for merchant in found[:limit]], next=following)


@staff.post("", status_code=201)
async def create_merchant(work: StaffWork, wanted: schemas.NewMerchant) -> schemas.Merchant:
    """Take a merchant in. Its first key is made under /staff/v1/merchants/{id}/keys."""
    need(work, StaffRole.OWNER, StaffRole.SUPPORT)
    made = await service.create_merchant(
        work,
        rules.NewMerchant(
            name=wanted.name,
            slug=wanted.slug or "",
            brand=wanted.brand.onto(rules.Brand()),
            credit_limit=Money(wanted.credit_limit_minor, wanted.currency),
            prepaid=wanted.prepaid,
            tariff_kind=wanted.tariff,
            batching=wanted.batching,
        ),
    )
    return schemas.Merchant.of(made)


@staff.get("/{merchant_id}")
async def read_merchant(work: StaffWork, merchant_id: MerchantPath) -> schemas.Merchant:
    """One merchant."""
    return schemas.Merchant.of(await queries.merchant(work, parse("merchant", merchant_id)))


@staff.get("/{merchant_id}/stores")
async def stores_of(
    work: StaffWork, merchant_id: MerchantPath, limit: Limit = 50, cursor: Cursor = None
) -> Page[schemas.Store]:
    """A merchant's stores, newest first."""
    merchant = await queries.merchant(work, parse("merchant", merchant_id))
    return await _stores(work, merchant.id, limit, cursor)


@staff.post("/{merchant_id}/credit")
async def set_credit(
    work: StaffWork, merchant_id: MerchantPath, wanted: schemas.NewCredit
) -> schemas.Merchant:
    """Set how much a merchant may owe, or that it pays beforehand."""
    need(work, StaffRole.OWNER, StaffRole.FINANCE)
    changed = await service.set_credit(
        work,
        parse("merchant", merchant_id),
        credit_limit=Money(wanted.credit_limit_minor, wanted.currency),
        prepaid=wanted.prepaid,
        reason=wanted.reason,
    )
    return schemas.Merchant.of(changed)


@staff.post("/{merchant_id}/keys", status_code=201)
async def create_key(
    work: StaffWork, response: Response, merchant_id: MerchantPath, wanted: schemas.NewKey
) -> schemas.KeyCreated:
    """Make a merchant's first key, of every scope, to hand over: it is shown this once."""
    need(work, StaffRole.OWNER, StaffRole.SUPPORT)
    merchant = await queries.merchant(work, parse("merchant", merchant_id))
    made = await identity.create_key(work, merchant.id, Scope, wanted.label)
    response.headers["Cache-Control"] = "no-store"
    return schemas.KeyCreated(id=public("key", made.id), secret=made.secret)
