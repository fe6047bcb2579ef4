"""Speaks to the twin courier network over HTTP: what a vendor's adapter looks like.

Whatever is not a clear yes or no becomes CourierUnknown: time-outs, cut lines, 5xx, answers that cannot be read.
"""

from datetime import datetime
from typing import Any

import httpx
import msgspec

from doorstep.connectors.couriers.protocol import (
    CourierJob,
    CourierQuote,
    CourierRefused,
    CourierUnknown,
    JobRequest,
    JobState,
    Stop,
)
from doorstep.units.geo import LatLng
from doorstep.units.money import Money

_LARGEST_ANSWER = 65_536
_QUOTE_TIMEOUT_S = 5.0
_BOOK_TIMEOUT_S = 10.0


class _Fee(msgspec.Struct):
    minor: int
    currency: str


class _Quote(msgspec.Struct):
    quote_id: str
    fee: _Fee
    pickup_at: datetime
    dropoff_at: datetime
    expires_at: datetime


class _Position(msgspec.Struct):
    lat: float
    lng: float


class _Who(msgspec.Struct):
    name: str = ""
    vehicle: str = ""


class _Job(msgspec.Struct):
    job_id: str
    reference: str
    state: JobState
    fee: _Fee
    courier: _Who | None = None
    position: _Position | None = None
    proofs: list[str] = []
    proof_url: str = ""
    cancel_reason: str = ""


class _Jobs(msgspec.Struct):
    jobs: list[_Job]


class _News(msgspec.Struct):
    reference: str


class _Letter(msgspec.Struct):
    data: _News


class _Problem(msgspec.Struct):
    code: str
    message: str = ""
    job: _Job | None = None


def _stop(stop: Stop) -> dict[str, Any]:
    return {
        "name": stop.name[:200],
        "phone": stop.phone[:40],
        "address": str(stop.address)[:400],
        "lat": stop.point.lat,
        "lng": stop.point.lng,
        "notes": stop.notes[:1000],
    }


def _order(request: JobRequest) -> dict[str, Any]:
    return {
        "reference": request.reference,
        "pickup": _stop(request.pickup),
        "dropoff": _stop(request.dropoff),
        "ready_at": request.ready_at.isoformat(),
        "deadline_at": request.deadline_at.isoformat(),
        "tip_minor": request.tip.minor,
        "items": request.items,
        "requirements": sorted(request.requirements),
        "pin": request.pin,
    }


def _read[T](answer: httpx.Response, shape: type[T]) -> T:
    """The answer's body as ``shape``. Raises CourierUnknown for anything else."""
    if len(answer.content) > _LARGEST_ANSWER:
        raise CourierUnknown("the answer is too large to be one")
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise CourierUnknown(f"the answer cannot be read: {error}") from error


def _job(told: _Job) -> CourierJob:
    who = told.courier or _Who()
    try:
        position = LatLng(lat=told.position.lat, lng=told.position.lng) if told.position else None
    except ValueError as error:
        raise CourierUnknown(f"the answer cannot be true: {error}") from error
    return CourierJob(
        job_id=told.job_id,
        reference=told.reference,
        state=told.state,
        fee=Money(told.fee.minor, told.fee.currency),
        courier_name=who.name[:80],
        vehicle=who.vehicle[:80],
        position=position,
        proof_url=told.proof_url[:500],
        proofs=frozenset(told.proofs),
        cancel_reason=told.cancel_reason[:300],
    )


class TwinCourier:
    """The network at ``url``, entered with ``key``."""

    def __init__(self, url: str, key: str, http: httpx.AsyncClient, *, patience: float = 1.0) -> None:
        """``patience`` scales how long an answer is waited for: 5 s, and 10 s for a booking."""
        self._url = url.rstrip("/")
        self._key = key
        self._http = http
        self._patience = patience

    async def quote(self, request: JobRequest) -> CourierQuote:
        """Price and times. Raises CourierRefused, CourierUnknown."""
        told = _read(await self._ask("POST", "/api/quotes", _order(request)), _Quote)
        return CourierQuote(
            quote_id=told.quote_id,
            fee=Money(told.fee.minor, told.fee.currency),
            pickup_at=told.pickup_at,
            dropoff_at=told.dropoff_at,
            expires_at=told.expires_at,
        )

    async def book(self, request: JobRequest, quote_id: str) -> CourierJob:
        """Order a courier; a reference booked before answers with that job. Raises CourierRefused, CourierUnknown."""
        body = _order(request) | {"quote_id": quote_id}
        answer = await self._ask("POST", "/api/jobs", body, timeout_s=_BOOK_TIMEOUT_S, taken=409)
        told = _read(answer, _Problem).job if answer.status_code == 409 else _read(answer, _Job)
        if told is None or told.reference != request.reference:
            raise CourierUnknown("the answer is about another job")
        return _job(told)

    async def find(self, reference: str) -> CourierJob | None:
        """The job of our ``reference``. Raises CourierUnknown."""
        told = _read(await self._ask("GET", "/api/jobs", params={"reference": reference}), _Jobs)
        found = [job for job in told.jobs if job.reference == reference]
        return _job(found[0]) if found else None

    async def cancel(self, job_id: str, why: str) -> CourierJob:
        """Call the courier off. Raises CourierRefused when it is too late, CourierUnknown."""
        return _job(_read(await self._ask("POST", f"/api/jobs/{job_id}/cancel", {"reason": why[:300]}), _Job))

    async def proof(self, url: str) -> bytes | None:
        """The photo behind a job's ``proof_url``; None when it is elsewhere or not to be had."""
        if not url.startswith(f"{self._url}/api/proofs/"):
            return None  # a company's answer never sends us to other hosts
        try:
            answer = await self._ask("GET", url.removeprefix(self._url))
        except (CourierUnknown, CourierRefused):
            return None
        return answer.content

    def reference_in(self, body: str) -> str | None:
        """The reference in ``{"data": {"reference": …}}``; None in anything else."""
        try:
            return msgspec.json.decode(body, type=_Letter).data.reference[:100]
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
            return None

    async def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        params: dict[str, str] | None = None,
        timeout_s: float = _QUOTE_TIMEOUT_S,
        taken: int = 0,
    ) -> httpx.Response:
        """The answer, when it is a success (or of status ``taken``)."""
        try:
            answer = await self._http.request(
                method,
                f"{self._url}{path}",
                json=body,
                params=params,
                headers={"Authorization": f"Bearer {self._key}"},
                timeout=timeout_s * self._patience,
                follow_redirects=False,
            )
        except httpx.HTTPError as error:
            raise CourierUnknown(f"no answer: {error!r}") from error
        if answer.is_success or answer.status_code == taken:
            return answer
        if 400 <= answer.status_code < 500 and answer.status_code not in {408, 425, 429}:
            try:
                problem = msgspec.json.decode(answer.content[:_LARGEST_ANSWER], type=_Problem)
            except (msgspec.ValidationError, msgspec.DecodeError):
                problem = _Problem(f"status_{answer.status_code}")
            raise CourierRefused(problem.code[:60], problem.message[:300] or problem.code[:60])
        raise CourierUnknown(f"status {answer.status_code}")
