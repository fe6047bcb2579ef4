"""The gatekeeper: turns a request's credential into the actor of exactly one audience.

A credential says by its first letters what it is; one meant for other routes is refused before anything is
looked up. A key revoked or a session ended is refused from that commit on; a driver's session, which a
phone shows several times a minute, within half a second (``remembered``).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn
from uuid import UUID

from starlette.requests import Request

from doorstep.features.identity import cookies, credentials, queries
from doorstep.features.identity.remembered import Remembered
from doorstep.features.identity.rules import LIFETIMES, SCOPES_OF, MerchantRole, StaffRole
from doorstep.features.identity.throttle import Throttle
from doorstep.features.identity.tokens import read_tracking_token
from doorstep.features.identity.use_notes import UseNotes
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import GATE, PUBLIC
from doorstep.platform.db.work import Database, Work
from doorstep.platform.errors import NotAllowed, NotSignedIn
from doorstep.platform.secrets import Secrets
from doorstep.units.ids import public
from doorstep.units.time import WallInstant

_OWN_AFFAIRS = ("/staff/v1/session", "/staff/v1/totp")
"""What even those who only look may change: their own session and second factor."""


class Gatekeeper:
    """Knows who asks. One per process: it also holds the throttle and the notes of last use."""

    def __init__(self, secrets: Secrets) -> None:
        """``secrets`` sign tracking links and sign-in codes."""
        self.secrets = secrets
        self.throttle = Throttle()
        self.uses = UseNotes()
        self.remembered = Remembered()

    async def __call__(
        self, request: Request, database: Database, audience: Audience, work: Work | None = None
    ) -> Actor:
        """The actor behind ``request``, looked up in ``work`` where one is open, which is then at the gate.

        Raises NotSignedIn, ForgeryRefused (by cookie), NotAllowed.
        """
        if audience is Audience.PUBLIC:
            return PUBLIC
        if audience is Audience.GATE:
            return GATE
        if audience is Audience.SHOPPER:
            return self._shopper(request)
        credential = self.credential(request, audience)
        kind = credentials.kind_of(credential)
        by_key = kind in credentials.KEYS.get(audience, frozenset())
        if kind is None or not (by_key or kind is credentials.SESSIONS.get(audience)):
            _refuse()
        if audience is Audience.DRIVER:
            session = await self._driver_session(database, credential)
        else:
            async with _at_the_gate(database, work) as there:
                if by_key:
                    return await self._by_key(there, credential, audience)
                session = await queries.session_of(there, credential, audience)
        if session is None:
            _refuse()
        return self._by_session(request, session, audience, database.clock.wall_now())

    def credential(self, request: Request, audience: Audience) -> str:
        """What ``request`` shows to get in: its bearer token, else its cookie of that audience.

        Raises NotSignedIn when it shows nothing, ForgeryRefused for a change by cookie from a foreign page.
        """
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _, credential = header.partition(" ")
            if scheme.lower() != "bearer":
                raise NotSignedIn("Credentials are sent as `Authorization: Bearer …`.")
            return credential.strip()
        name = cookies.cookie_name(request, audience)
        by_cookie = request.cookies.get(name) if name else None
        if by_cookie is None:
            raise NotSignedIn
        cookies.demand_own_page(request)
        return by_cookie

    def _shopper(self, request: Request) -> Actor:
        delivery = read_tracking_token(self.secrets, str(request.path_params.get("token", "")))
        if delivery is None:
            raise NotSignedIn("This tracking link is not one of ours.")
        return Actor(Audience.SHOPPER, subject=delivery, label="shopper")

    async def _by_key(self, work: Work, credential: str, audience: Audience) -> Actor:
        key = await queries.key_holder(work, credential, audience)
        if key is None:
            _refuse()
        self.uses.note("key", key.id, key.last_used_wall, work.wall())
        label = f"key:{public('key', key.id)}"
        if audience is Audience.PROVIDER:
            return Actor(audience, subject=key.holder, roles=key.scopes, label=label)
        return Actor(audience, tenant=key.holder, roles=key.scopes, label=label)

    async def _driver_session(self, database: Database, credential: str) -> queries.Session | None:
        digest = credentials.digest(credential)
        generation = await self.remembered.generation(database)
        session = self.remembered.find(digest, generation)
        if session is None:
            async with database.work(GATE) as work:
                session = await queries.session_of(work, credential, Audience.DRIVER)
            if session is not None:
                self.remembered.keep(digest, generation, session)
        return session

    def _by_session(
        self, request: Request, session: queries.Session, audience: Audience, wall: WallInstant
    ) -> Actor:
        seen = self.uses.last("session", session.id, session.seen_wall)
        if LIFETIMES[audience].over(opened=session.opened_wall, seen=seen, at=wall):
            raise NotSignedIn("This session is over.", remedy="Sign in again.")
        self.uses.note("session", session.id, session.seen_wall, wall)
        if audience is Audience.STAFF:
            return _staff(request, session.subject, StaffRole(session.role))
        if audience is Audience.MERCHANT:
            scopes = SCOPES_OF[MerchantRole(session.role)]
            return Actor(
                audience,
                subject=session.subject,
                tenant=session.tenant,
                roles=frozenset(scopes),
                label=f"user:{public('user', session.subject)}",
            )
        return Actor(audience, subject=session.subject, label=f"driver:{public('driver', session.subject)}")


@asynccontextmanager
async def _at_the_gate(database: Database, work: Work | None) -> AsyncIterator[Work]:
    """A unit of work that may look credentials up: the one already open, or one of its own."""
    if work is None:
        async with database.work(GATE) as own:
            yield own
    else:
        await work.become(GATE)
        yield work


def _staff(request: Request, staff_id: UUID, role: StaffRole) -> Actor:
    """One of the operator's people; those who only look are held to it here, whatever a route forgets."""
    if (
        role is StaffRole.READ_ONLY
        and request.method not in cookies.SAFE_METHODS
        and not request.url.path.startswith(_OWN_AFFAIRS)
    ):
        raise NotAllowed("The role read_only looks and changes nothing.")
    return Actor(
        Audience.STAFF, subject=staff_id, roles=frozenset({role}), label=f"staff:{public('staff', staff_id)}"
    )


def _refuse() -> NoReturn:
    raise NotSignedIn(
        "This credential is unknown, expired, revoked, or meant for other routes.",
        remedy="Merchants and providers send their key, people sign in.",
    )
