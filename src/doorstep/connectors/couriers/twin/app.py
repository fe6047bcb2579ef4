"""The company's HTTP API, of its own shape: quotes, jobs, proofs; and how to make it misbehave."""

import asyncio
import contextlib
import hmac
import io
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from doorstep.connectors.couriers.protocol import JobState
from doorstep.connectors.couriers.twin.clock import TwinClock
from doorstep.connectors.couriers.twin.memory import Memory
from doorstep.connectors.couriers.twin.news import Newsroom
from doorstep.connectors.couriers.twin.world import Behaviour, Declined, Job, Order, World
from doorstep.units.geo import LatLng

HANG_S = 120.0
"""How long a dropped answer keeps the line open unless the caller hangs up first."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(_Asked):
    """One end of a job."""

    name: str = Field(max_length=200)
    phone: str = Field(max_length=40)
    address: str = Field(max_length=400)
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    notes: str = Field(default="", max_length=1000)


class QuoteAsked(_Asked):
    """What is to be carried."""

    reference: str = Field(min_length=1, max_length=100)
    pickup: Place
    dropoff: Place
    ready_at: AwareDatetime
    deadline_at: AwareDatetime
    tip_minor: int = Field(default=0, ge=0, le=1_000_00)
    items: int = Field(default=1, ge=1, le=1000)
    requirements: list[str] = Field(default_factory=list, max_length=20)
    pin: str = Field(default="", max_length=10)

    def order(self) -> Order:
        """As the company thinks of it."""
        return Order(
            self.reference,
            LatLng(lat=self.pickup.lat, lng=self.pickup.lng),
            LatLng(lat=self.dropoff.lat, lng=self.dropoff.lng),
            self.ready_at,
            self.deadline_at,
            self.tip_minor,
            self.items,
            frozenset(self.requirements),
            self.pin,
        )


class JobAsked(QuoteAsked):
    """A quote taken."""

    quote_id: str = Field(max_length=100)


class CancelAsked(_Asked):
    """Why the courier is not needed."""

    reason: str = Field(default="", max_length=300)


class BehaviourAsked(_Asked):
    """How to behave; what is left out behaves well."""

    slow_s: float = Field(default=0, ge=0, le=60)
    refuse_share: float = Field(default=0, ge=0, le=1)
    lie_share: float = Field(default=0, ge=0, le=1)
    lose_share: float = Field(default=0, ge=0, le=1)
    lose_when: Literal["before", "after", "either"] = "either"
    return_share: float = Field(default=0, ge=0, le=1)
    drop_answers: float = Field(default=0, ge=0, le=1)
    duplicate_webhooks: float = Field(default=0, ge=0, le=1)
    reorder: float = Field(default=0, ge=0, le=1)


@dataclass(slots=True)
class Company:
    """Everything of one running twin."""

    world: World
    memory: Memory
    news: Newsroom | None
    key: str
    url: str

    def shown(self, job: Job) -> dict[str, Any]:
        """A job on the wire."""
        now = self.world.clock.now()
        state, position = job.state(now), job.position(now)
        known = state not in {JobState.PENDING, JobState.CANCELLED, JobState.LOST}
        return {
            "job_id": job.job_id,
            "reference": job.order.reference,
            "state": str(state),
            "fee": {"minor": job.cost_minor(now), "currency": job.currency},
            "courier": {"name": job.courier, "vehicle": job.vehicle} if known else None,
            "position": None if position is None else {"lat": position.lat, "lng": position.lng},
            "proofs": sorted(job.proofs(now)),
            "proof_url": f"{self.url}/api/proofs/{job.job_id}.jpg" if "photo" in job.proofs(now) else "",
            "cancel_reason": job.cancel_reason,
        }


def _company(request: Request) -> Company:
    company: Company = request.app.state.company
    return company


async def _admitted(request: Request) -> None:
    company = _company(request)
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), company.key.encode()):
        raise Declined("unauthorized", "Send your key.", 401)
    if company.world.behaviour.slow_s:
        await asyncio.sleep(company.world.behaviour.slow_s)


Of = Annotated[Company, Depends(_company)]
api = APIRouter(prefix="/api", dependencies=[Depends(_admitted)])
twin = APIRouter(prefix="/twin")


@api.post("/quotes", status_code=201)
async def quote(of: Of, asked: QuoteAsked) -> dict[str, Any]:
    """Price and times, good for 15 minutes."""
    order = asked.order()
    made = of.world.quote(order)
    of.memory.keep_quote(made, order.reference)
    return {
        "quote_id": made.quote_id,
        "fee": {"minor": made.fee_minor, "currency": made.currency},
        "pickup_at": made.pickup_at.isoformat(),
        "dropoff_at": made.dropoff_at.isoformat(),
        "expires_at": made.expires_at.isoformat(),
    }


@api.post("/jobs", status_code=201)
async def book(of: Of, asked: JobAsked, request: Request) -> Response:
    """Send a courier. 409 with the job when the reference has one already."""
    order = asked.order()
    there = of.world.find(order.reference)
    if there is not None:
        return JSONResponse(
            {"code": "duplicate_reference", "message": "Booked before.", "job": of.shown(there)}, 409
        )
    job = of.world.book(order, asked.quote_id)
    of.memory.keep_job(job)
    if of.world.chance("answer", order.reference).random() < of.world.behaviour.drop_answers:
        await _hang(request)
    return JSONResponse(of.shown(job), 201)


async def _hang(request: Request) -> None:
    """Keep the caller waiting until it gives up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG_S):
            while (await request.receive())["type"] != "http.disconnect":
                pass


@api.get("/jobs")
async def find(of: Of, reference: Annotated[str, Query(max_length=100)]) -> dict[str, Any]:
    """Jobs of a reference: one or none."""
    job = of.world.find(reference)
    return {"jobs": [] if job is None else [of.shown(job)]}


@api.get("/jobs/{job_id}")
async def job(of: Of, job_id: str) -> dict[str, Any]:
    """One job."""
    return of.shown(of.world.job(job_id))


@api.post("/jobs/{job_id}/cancel")
async def cancel(of: Of, job_id: str, asked: CancelAsked) -> dict[str, Any]:
    """Call the courier off; possible until the goods are on board."""
    called_off = of.world.cancel(job_id, asked.reason)
    of.memory.keep_job(called_off)
    return of.shown(called_off)


@api.get("/proofs/{name}")
async def proof(of: Of, name: str) -> Response:
    """The photo taken at the door."""
    job = of.world.job(name.removesuffix(".jpg"))
    if "photo" not in job.proofs(of.world.clock.now()):
        raise Declined("no_proof", "There is no photo.", 404)
    return Response(_picture(job), media_type="image/jpeg")


def _picture(job: Job) -> bytes:
    """A plain doorstep with a parcel, coloured by the job."""
    from PIL import Image, ImageDraw

    shade = sum(job.job_id.encode()) % 120
    image = Image.new("RGB", (320, 240), (90 + shade, 140, 200 - shade))
    draw = ImageDraw.Draw(image)
    draw.rectangle((110, 30, 210, 200), fill=(110, 70, 40))
    draw.rectangle((130, 150, 190, 200), fill=(200, 160, 100), outline=(80, 60, 30))
    target = io.BytesIO()
    image.save(target, "JPEG")
    return target.getvalue()


@twin.get("/behaviour")
async def behaviour(of: Of) -> dict[str, Any]:
    """How it behaves."""
    return asdict(of.world.behaviour)


@twin.post("/behaviour")
async def behave(of: Of, asked: BehaviourAsked) -> dict[str, Any]:
    """Behave so from now on."""
    of.world.behave(Behaviour(**asked.model_dump()))
    of.memory.keep_behaviour(of.world.behaviour)
    return asdict(of.world.behaviour)


@twin.get("/jobs")
async def jobs(of: Of) -> dict[str, Any]:
    """Everything it holds, as it would bill it: what a test compares our books with."""
    return {
        "now": of.world.clock.now().isoformat(),
        "asked": of.world.asked,
        "jobs": [of.shown(job) for job in of.world.jobs.values()],
    }


async def _declined(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Declined)
    return JSONResponse({"code": error.code, "message": str(error)}, error.status)


def make_app(
    clock: TwinClock,
    *,
    key: str,
    seed: int = 1,
    state: Path | None = None,
    url: str = "",
    webhook_url: str = "",
    webhook_secret: str = "",
    watch: bool = True,
) -> FastAPI:
    """The twin as an application. ``watch=False`` sends webhooks only when ``app.state.company.news.tell`` is called."""
    memory = Memory(state)
    world = World(clock, seed)
    memory.recall(world)
    outward = httpx.AsyncClient(trust_env=False)
    news = Newsroom(world, memory, webhook_url, webhook_secret, outward) if webhook_url else None

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(news.run()) if news is not None and watch else None
        yield
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await outward.aclose()
        memory.close()

    app = FastAPI(title="Swift couriers (twin)", lifespan=lifespan)
    app.state.company = Company(world, memory, news, key, url)
    app.add_exception_handler(Declined, _declined)
    app.include_router(api)
    app.include_router(twin)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Alive, and what time it believes it is."""
        return {"status": "ok", "now": clock.now().isoformat()}

    return app


def parse_instant(text: str) -> datetime:
    """An instant with its zone. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant
