"""Routes of providers: staff keep companies and deals, companies see their jobs and send webhooks."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from doorstep.connectors.outside import Connectors
from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries as markets
from doorstep.features.providers import hearing, queries, schemas, service
from doorstep.features.providers.errors import NotFromThem
from doorstep.features.providers.rules import JobState, Provider
from doorstep.platform.auth.gate import GateWork, ProviderWork, StaffWork, need
from doorstep.platform.errors import Refusal
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import ProviderId, parse, public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, market_instant

staff = APIRouter(prefix="/staff/v1", tags=["staff: providers"], responses=PROBLEMS)
companies = APIRouter(prefix="/provider/v1", tags=["provider: jobs"], responses=PROBLEMS)
routers = [staff, companies]

CHANGE = (StaffRole.OWNER, StaffRole.DISPATCHER)
ProviderPath = Annotated[str, Path(max_length=40, examples=["prv_01jd0000000000000000000000"])]
JobPath = Annotated[str, Path(max_length=40, examples=["pjb_01jd0000000000000000000000"])]
DealPath = Annotated[str, Path(max_length=40, examples=["dea_01jd0000000000000000000000"])]
LARGEST_WEBHOOK = 65_536


class TooLarge(Refusal):
    """A webhook no company needs to send."""

    code = "too_large"
    status = 413
    title = "The body is too large"


def _connectors(request: Request) -> Connectors:
    connectors: Connectors = request.app.state.connectors
    return connectors


def _told(request: Request, provider: Provider) -> schemas.ProviderTold:
    return schemas.ProviderTold.of(provider, connected=provider.slug in _connectors(request).couriers)


@staff.get("/providers")
async def list_providers(work: StaffWork, request: Request) -> list[schemas.ProviderTold]:
    """All courier companies, by name."""
    return [_told(request, provider) for provider in await queries.providers(work)]


@staff.post("/providers", status_code=201)
async def enter_provider(
    work: StaffWork, request: Request, wanted: schemas.ProviderWanted
) -> schemas.ProviderEntered:
    """Enter a courier company; the secret that signs its webhooks is shown this once."""
    need(work, *CHANGE)
    entered = await service.create_provider(
        work, _connectors(request).secrets, name=wanted.name, slug=wanted.slug
    )
    return schemas.ProviderEntered(
        provider=_told(request, entered.provider),
        webhook_secret=entered.webhook_secret,
        webhook_path=f"/provider/v1/webhooks/{wanted.slug}",
    )


@staff.get("/providers/{provider_id}")
async def read_provider(work: StaffWork, request: Request, provider_id: ProviderPath) -> schemas.ProviderTold:
    """One courier company."""
    return _told(request, await queries.provider(work, parse("provider", provider_id)))


@staff.patch("/providers/{provider_id}")
async def change_provider(
    work: StaffWork, request: Request, provider_id: ProviderPath, wanted: schemas.StateWanted
) -> schemas.ProviderTold:
    """Ask a company, or do not for a while."""
    need(work, *CHANGE)
    return _told(request, await service.set_state(work, parse("provider", provider_id), wanted.state))


@staff.post("/providers/{provider_id}/webhook-secret", status_code=201)
async def renew_secret(work: StaffWork, request: Request, provider_id: ProviderPath) -> schemas.SecretRenewed:
    """A fresh webhook secret, shown this once; the old one is worth nothing from now on."""
    need(work, *CHANGE)
    secret = await service.renew_webhook_secret(
        work, _connectors(request).secrets, parse("provider", provider_id)
    )
    return schemas.SecretRenewed(webhook_secret=secret)


@staff.post("/providers/{provider_id}/keys", status_code=201)
async def make_key(work: StaffWork, provider_id: ProviderPath, wanted: schemas.KeyLabel) -> schemas.KeyMade:
    """A key with which the company reads its own jobs, shown this once."""
    need(work, *CHANGE)
    provider = await queries.provider(work, parse("provider", provider_id))
    made = await identity.create_provider_key(work, provider.id, wanted.label)
    return schemas.KeyMade(id=public("key", made.id), secret=made.secret)


@staff.get("/providers/{provider_id}/deals")
async def list_deals(work: StaffWork, provider_id: ProviderPath) -> list[schemas.DealTold]:
    """A company's deals, past ones too, newest first."""
    provider = await queries.provider(work, parse("provider", provider_id))
    return [schemas.DealTold.of(deal) for deal in await queries.deals_of(work, provider.id)]


@staff.post("/providers/{provider_id}/deals", status_code=201)
async def make_deal(
    work: StaffWork, provider_id: ProviderPath, wanted: schemas.DealWanted
) -> schemas.DealTold:
    """Write a deal. Terms never change: end it and write another."""
    need(work, *CHANGE)
    market = await markets.market(work, parse("market", wanted.market))
    most = None if wanted.most_minor is None else Money(wanted.most_minor, wanted.currency)
    deal = await service.create_deal(
        work,
        service.NewDeal(
            provider_id=ProviderId(parse("provider", provider_id)),
            market_id=market.id,
            service_levels=frozenset(str(level) for level in wanted.service_levels),
            starts_at=market_instant(wanted.starts_at),
            ends_at=None if wanted.ends_at is None else market_instant(wanted.ends_at),
            pricing=wanted.pricing,
            flat=Money(wanted.flat_minor, wanted.currency),
            per_mile_minor=wanted.per_mile_minor,
            most=most,
            abilities=wanted.abilities,
            heaviest_g=wanted.heaviest_g,
            furthest_m=wanted.furthest_m,
            areas=wanted.areas,
            rank=wanted.rank,
        ),
    )
    return schemas.DealTold.of(deal)


@staff.get("/provider-deals/{deal_id}")
async def read_deal(work: StaffWork, deal_id: DealPath) -> schemas.DealTold:
    """One deal."""
    return schemas.DealTold.of(await queries.deal(work, parse("deal", deal_id)))


@staff.post("/provider-deals/{deal_id}/end")
async def end_deal(work: StaffWork, deal_id: DealPath, wanted: schemas.DealEnd) -> schemas.DealTold:
    """Let a deal end; jobs under way go on."""
    need(work, *CHANGE)
    at = work.now() if wanted.ends_at is None else market_instant(wanted.ends_at)
    return schemas.DealTold.of(await service.end_deal(work, parse("deal", deal_id), MarketInstant(at)))


@staff.get("/provider-jobs")
async def list_jobs(
    work: StaffWork,
    provider: Annotated[str | None, Query(max_length=40)] = None,
    state: Annotated[list[JobState] | None, Query(max_length=len(JobState))] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.JobTold]:
    """Jobs of all companies, newest first."""
    found = await queries.jobs(
        work,
        limit=limit + 1,
        before=read_cursor(cursor),
        provider_id=None if provider is None else parse("provider", provider),
        states=state or (),
    )
    return _page(found, limit)


@staff.get("/provider-jobs/{job_id}")
async def read_job(work: StaffWork, job_id: JobPath) -> schemas.JobTold:
    """One job."""
    return schemas.JobTold.of(await queries.job(work, parse("provider_job", job_id)))


@companies.get("/jobs")
async def own_jobs(
    work: ProviderWork,
    state: Annotated[list[JobState] | None, Query(max_length=len(JobState))] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.JobTold]:
    """The company's own jobs, newest first."""
    found = await queries.jobs(
        work,
        limit=limit + 1,
        before=read_cursor(cursor),
        provider_id=work.actor.subject,
        states=state or (),
    )
    return _page(found, limit)


@companies.get("/jobs/{job_id}")
async def own_job(work: ProviderWork, job_id: JobPath) -> schemas.JobTold:
    """One of the company's own jobs."""
    return schemas.JobTold.of(await queries.job(work, parse("provider_job", job_id)))


def _page(found: list[Any], limit: int) -> Page[schemas.JobTold]:
    more = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[schemas.JobTold.of(job) for job in found[:limit]], next=more)


@companies.post("/webhooks/{slug}", status_code=202, tags=["provider: webhooks"])
async def hear(
    work: GateWork,
    request: Request,
    slug: Annotated[str, Path(max_length=40, pattern=r"^[a-z][a-z0-9-]*$", examples=["swift"])],
) -> schemas.Heard:
    """A company says that something happened. Signed as in the Standard Webhooks spec; what it says is not
    believed: the job is read again from the company's own books. A second time under one id is refused.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_WEBHOOK:
            raise TooLarge
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotFromThem("The body is not UTF-8.") from error
    await hearing.hear(work, _connectors(request), slug, request.headers, text)
    return schemas.Heard()
