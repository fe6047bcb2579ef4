"""Taking fixes in: one raw ASGI route, before the framework, at a few hundredths of a millisecond a request.

``Gateway`` answers ``POST /driver/v1/fixes`` and hands every other request on. It knows no framework: who
asks is found by a function it is given, and remembered for at most five seconds of real time, so a session
that ends is refused within five seconds.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from doorstep.features.fixes.live import Live, Position
from doorstep.features.fixes.rules import FASTEST_MPS, MOST_ACCURACY_M, MOST_FIXES, clamped, too_old
from doorstep.platform.clock import Clock
from doorstep.platform.errors import Fault, Invalid, NotSignedIn, Refusal

PATH = "/driver/v1/fixes"
MOST_BYTES = 64 * 1024
KNOWN_S = 5.0
MOST_UNWRITTEN = 300_000
"""Fixes kept while the database does not answer; the oldest are dropped beyond that."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
FindDriver = Callable[[Scope], Awaitable[tuple[UUID, UUID]]]
"""The driver and the market behind a request. Raises a Refusal."""


class Reported(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One fix as a phone sends it. ``device_at``: RFC 3339 with a zone, or milliseconds since 1970."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lng: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    device_at: Annotated[datetime, msgspec.Meta(tz=True)] | Annotated[int, msgspec.Meta(ge=0, le=1 << 43)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0, le=MOST_ACCURACY_M)] | None = None
    heading_deg: Annotated[float, msgspec.Meta(ge=0, le=360)] | None = None
    speed_mps: Annotated[float, msgspec.Meta(ge=0, le=FASTEST_MPS)] | None = None


class Report(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What a phone sends: fixes in any order, all of one driver."""

    fixes: Annotated[list[Reported], msgspec.Meta(min_length=1, max_length=MOST_FIXES)]


FixRecord = tuple[UUID, UUID, float, float, int | None, int | None, float | None, datetime, datetime]
_decoder = msgspec.json.Decoder(Report)
_ANSWERS = {n: b'{"taken":%d}' % n for n in range(1, MOST_FIXES + 1)}


class Unreadable(Invalid):
    """The fixes are not what the document says, or cannot be true."""

    code = "fixes_unreadable"
    title = "These fixes cannot be used"
    remedy = "See `errors`; drop them, the same ones will be refused again."


class TooLarge(Refusal):
    """More bytes than a hundred fixes need."""

    code = "too_large"
    status = 413
    title = "The body is too large"
    remedy = f"Send at most {MOST_FIXES} fixes at once."


class Inbox:
    """Takes decoded fixes: the newest into memory, all of them onto the list to be written."""

    def __init__(self, live: Live, clock: Clock) -> None:
        """``clock`` tells business time: fixes belong to the business."""
        self.live = live
        self.history: list[FixRecord] = []
        self.dropped = 0
        self._clock = clock

    def take(self, driver_id: UUID, market_id: UUID, body: bytes) -> int:
        """Take a report in; how many fixes it had. Raises Unreadable, and then takes none of them."""
        try:
            report = _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreadable(str(error), faults=[Fault(_pointer(str(error)), "unusable")]) from error
        now = self._clock.market_now()
        records = []
        newest = None
        for number, fix in enumerate(report.fixes):
            told = fix.device_at
            try:
                device_at = datetime.fromtimestamp(told / 1000, UTC) if isinstance(told, int) else told
                wrong = too_old(device_at, now)
            except (OverflowError, ValueError):
                wrong = True
            if wrong:
                where = f"/fixes/{number}/device_at"
                raise Unreadable("This phone's clock is wrong.", faults=[Fault(where, "too long ago")])
            record = (
                driver_id,
                market_id,
                fix.lat,
                fix.lng,
                None if fix.accuracy_m is None else round(fix.accuracy_m),
                None if fix.heading_deg is None else round(fix.heading_deg) % 360,
                fix.speed_mps,
                clamped(device_at, now),
                now,
            )
            records.append(record)
            if newest is None or record[7] > newest[7]:
                newest = record
        assert newest is not None
        self.live.hear(Position(*newest))
        self.live.heard += len(records)
        self.history += records
        return len(records)

    def take_history(self) -> list[FixRecord]:
        """Fixes to be written down; the caller has them now."""
        taken, self.history = self.history, []
        return taken

    def put_back(self, records: list[FixRecord]) -> None:
        """Give back what could not be written; the oldest are dropped when there are too many."""
        self.history = records + self.history
        over = len(self.history) - MOST_UNWRITTEN
        if over > 0:
            self.dropped += over
            del self.history[:over]


def _pointer(message: str) -> str:
    """``$.fixes[3].lat`` at the end of a decoder's message as a JSON pointer."""
    _, _, path = message.rpartition("`$")
    return path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/") or "/"


class Gateway:
    """The raw route, in front of an application."""

    def __init__(
        self, app: App, *, inbox: Inbox, find_driver: FindDriver, monotonic: Callable[[], float]
    ) -> None:
        """``monotonic`` tells real seconds: remembering who asks is a matter of security."""
        self.app = app
        self._inbox = inbox
        self._find_driver = find_driver
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[UUID, UUID, float]] = {}
        self._swept = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer fixes; hand everything else on."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        try:
            driver_id, market_id = await self._who(scope)
            body = await _body(receive)
            taken = self._inbox.take(driver_id, market_id, body)
        except Refusal as refusal:
            problem = refusal.problem()
            await _answer(send, problem["status"], msgspec.json.encode(problem), b"application/problem+json")
            return
        await _answer(send, 202, _ANSWERS[taken], b"application/json")

    async def _who(self, scope: Scope) -> tuple[UUID, UUID]:
        shown = _credential(scope["headers"])
        now = self._monotonic()
        if shown is not None:
            known = self._known.get(shown)
            if known is not None and now < known[2]:
                return known[0], known[1]
        driver_id, market_id = await self._find_driver(scope)
        if shown is not None:
            self._sweep(now)
            self._known[shown] = (driver_id, market_id, now + KNOWN_S)
        return driver_id, market_id

    def _sweep(self, now: float) -> None:
        if now - self._swept > KNOWN_S:
            self._swept = now
            self._known = {token: known for token, known in self._known.items() if now < known[2]}


def _credential(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The bearer header as sent. Cookies are not remembered: each needs its proof against forgery."""
    for name, value in headers:
        if name == b"authorization":
            return value
    return None


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        if len(body) > MOST_BYTES:
            break
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise NotSignedIn("The phone hung up.")
    if len(body) > MOST_BYTES:
        raise TooLarge
    return body


async def _answer(send: Send, status: int, body: bytes, media: bytes) -> None:
    headers = [
        (b"content-type", media),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
