"""Routes of signing in and of keys, for each audience."""

from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Path, Request, Response

from doorstep.connectors.messages.protocol import MessageRefused, Messages, MessageUnavailable
from doorstep.connectors.outside import Connectors
from doorstep.features.identity import cookies, credentials, passwords, people, queries, schemas, service
from doorstep.features.identity.gatekeeper import Gatekeeper
from doorstep.features.identity.phones import e164
from doorstep.features.identity.rules import LIFETIMES, Scope, SignedIn, StaffRole, Text
from doorstep.features.identity.throttle import CODES_SENT_TO_PLACE, LINK_TRIES, PLACE
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.auth.gate import (
    GATE,
    DriverWork,
    MerchantWork,
    StaffWork,
    audience_actor,
    database_of,
    need,
)
from doorstep.platform.db.work import Work
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import parse, public

log = structlog.get_logger("identity")
merchants = APIRouter(prefix="/v1", tags=["merchant: sign-in and keys"], responses=PROBLEMS)
staff = APIRouter(prefix="/staff/v1", tags=["staff: sign-in and people"], responses=PROBLEMS)
drivers = APIRouter(prefix="/driver/v1", tags=["driver: sign-in"], responses=PROBLEMS)
routers = [merchants, staff, drivers]

# Signing in opens works of its own (a hash is computed between them), so it takes the actor alone.
AtTheGate = Annotated[Actor, Depends(audience_actor(Audience.GATE))]
KeyPath = Annotated[str, Path(max_length=40, examples=["key_01jd00000000000000000000"])]
StaffPath = Annotated[str, Path(max_length=40, examples=["stf_01jd00000000000000000000"])]


def mount(app: FastAPI) -> None:
    """Write down in the background when keys and sessions were last used."""
    keeper: Gatekeeper = app.state.authenticate

    async def write_uses() -> None:
        await keeper.uses.run(app.state.database)

    app.state.on_start.append(write_uses)


def _keeper(request: Request) -> Gatekeeper:
    keeper: Gatekeeper = request.app.state.authenticate
    return keeper


def _place(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _opened(request: Request, response: Response, opened: SignedIn) -> schemas.SessionOpened:
    """The session; as a cookie too when one of our own pages asked for it."""
    response.headers["Cache-Control"] = "no-store"
    if cookies.from_own_page(request):
        # A phone closes the app by itself, in mid-trip, too: its driver stays signed in until the session ends.
        stays = opened.audience is Audience.DRIVER
        lasts = LIFETIMES[opened.audience].absolute if stays else None
        cookies.set_cookie(request, response, opened.audience, opened.token, lasts)
    return schemas.SessionOpened.of(opened)


async def _sign_out(request: Request, response: Response, work: Work) -> None:
    audience = work.actor.audience
    keeper = _keeper(request)
    token = keeper.credential(request, audience)
    await service.end_session(work, token)
    work.after_commit(lambda: keeper.remembered.forget(credentials.digest(token)))
    cookies.drop_cookie(request, response, audience)


@merchants.post("/session", status_code=201)
async def sign_user_in(
    request: Request, response: Response, wanted: schemas.PasswordSignIn, _gate: AtTheGate
) -> schemas.SessionOpened:
    """Sign one of a merchant's people in."""
    throttle, place = _keeper(request).throttle, _place(request)
    account = f"user:{people.plain_email(wanted.email)}"
    await throttle.account(place, account)
    opened = await service.user_sign_in(database_of(request), email=wanted.email, password=wanted.password)
    await throttle.forgive(place, account)
    return _opened(request, response, opened)


@merchants.get("/session")
async def who_of_a_merchant(work: MerchantWork) -> schemas.MerchantSession:
    """Whose key or session this is, and what it may do."""
    assert work.actor.tenant is not None
    person = await queries.user(work, work.actor.subject) if work.actor.subject else None
    return schemas.MerchantSession(
        merchant=public("merchant", work.actor.tenant),
        user=public("user", person.id) if person else None,
        email=person.email if person else None,
        name=person.name if person else None,
        role=person.role if person else None,
        scopes=sorted(work.actor.roles),
    )


@merchants.delete("/session", status_code=204)
async def sign_user_out(work: MerchantWork, request: Request, response: Response) -> None:
    """Sign out on this device. A key has no session: nothing happens."""
    await _sign_out(request, response, work)


@merchants.post("/invitation", status_code=201)
async def accept_user_invitation(
    request: Request, response: Response, wanted: schemas.InvitationAccepted, _gate: AtTheGate
) -> schemas.SessionOpened:
    """Redeem an invitation of a merchant: choose a password and be signed in."""
    await _keeper(request).throttle.place(LINK_TRIES, _place(request))
    stored = await passwords.hashed(wanted.password)
    async with database_of(request).work(GATE) as work:
        invited = await service.redeem_user_invitation(work, wanted.token, password_hash=stored)
        opened = await service.open_session(work, Audience.MERCHANT, invited.id, invited.merchant_id)
    return _opened(request, response, opened)


@merchants.get("/keys")
async def list_keys(work: MerchantWork, limit: Limit = 50, cursor: Cursor = None) -> Page[schemas.KeyTold]:
    """The merchant's keys, newest first. Needs the scope `keys:write`."""
    need(work, Scope.KEYS_WRITE)
    assert work.actor.tenant is not None
    found = await queries.keys(work, work.actor.tenant, limit=limit + 1, before=read_cursor(cursor))
    more = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[schemas.KeyTold.of(key) for key in found[:limit]], next=more)


@merchants.post("/keys", status_code=201)
async def create_key(work: MerchantWork, response: Response, wanted: schemas.KeyWanted) -> schemas.KeyCreated:
    """Make a key with scopes that the maker has herself. Needs the scope `keys:write`."""
    need(work, Scope.KEYS_WRITE)
    assert work.actor.tenant is not None
    ends = work.wall() + timedelta(days=wanted.lifetime_days) if wanted.lifetime_days else None
    made = await service.create_key(work, work.actor.tenant, wanted.scopes, wanted.label, expires_wall=ends)
    response.headers["Cache-Control"] = "no-store"
    return schemas.KeyCreated(id=public("key", made.id), secret=made.secret)


@merchants.delete("/keys/{key_id}", status_code=204)
async def revoke_key(work: MerchantWork, key_id: KeyPath) -> None:
    """Revoke a key: it lets nobody in from now on. Needs the scope `keys:write`."""
    need(work, Scope.KEYS_WRITE)
    await service.revoke_key(work, parse("key", key_id))


@staff.post("/session", status_code=201)
async def sign_staff_in(
    request: Request, response: Response, wanted: schemas.StaffSignIn, _gate: AtTheGate
) -> schemas.SessionOpened:
    """Sign one of the operator's people in."""
    keeper, place = _keeper(request), _place(request)
    account = f"staff:{people.plain_email(wanted.email)}"
    await keeper.throttle.account(place, account)
    opened = await service.staff_sign_in(
        database_of(request),
        keeper.secrets,
        email=wanted.email,
        password=wanted.password,
        totp=wanted.totp,
    )
    await keeper.throttle.forgive(place, account)
    return _opened(request, response, opened)


@staff.get("/session")
async def who_of_staff(work: StaffWork) -> schemas.StaffTold:
    """Who is signed in."""
    assert work.actor.subject is not None
    return schemas.StaffTold.of(await queries.staff(work, work.actor.subject))


@staff.delete("/session", status_code=204)
async def sign_staff_out(work: StaffWork, request: Request, response: Response) -> None:
    """Sign out on this device."""
    await _sign_out(request, response, work)


@staff.post("/totp", status_code=201)
async def begin_totp(work: StaffWork, request: Request, response: Response) -> schemas.TotpBegun:
    """Begin to enrol an authenticator; `POST /staff/v1/totp/confirm` ends it."""
    assert work.actor.subject is not None
    response.headers["Cache-Control"] = "no-store"
    uri = await service.begin_totp(work, _keeper(request).secrets, work.actor.subject)
    return schemas.TotpBegun(otpauth_uri=uri)


@staff.post("/totp/confirm", status_code=204)
async def confirm_totp(work: StaffWork, request: Request, shown: schemas.TotpCode) -> None:
    """From now on signing in demands the authenticator's code."""
    assert work.actor.subject is not None
    await _keeper(request).throttle.phone(f"totp:{work.actor.subject}")
    await service.confirm_totp(work, _keeper(request).secrets, work.actor.subject, shown.code)


@staff.post("/owner", status_code=201)
async def sign_owner_up(
    request: Request, response: Response, wanted: schemas.OwnerSignUp, _gate: AtTheGate
) -> schemas.SessionOpened:
    """Redeem the link that `doorstep owner-link` printed: become an owner, signed in."""
    await _keeper(request).throttle.place(LINK_TRIES, _place(request))
    stored = await passwords.hashed(wanted.password)
    async with database_of(request).work(GATE) as work:
        owner = await service.redeem_owner_link(
            work, wanted.token, name=wanted.name, email=wanted.email, password_hash=stored
        )
        opened = await service.open_session(work, Audience.STAFF, owner.id)
    return _opened(request, response, opened)


@staff.post("/invitation", status_code=201)
async def accept_invitation(
    request: Request, response: Response, wanted: schemas.InvitationAccepted, _gate: AtTheGate
) -> schemas.SessionOpened:
    """Redeem an invitation: choose a password and be signed in."""
    await _keeper(request).throttle.place(LINK_TRIES, _place(request))
    stored = await passwords.hashed(wanted.password)
    async with database_of(request).work(GATE) as work:
        invited = await service.redeem_invitation(work, wanted.token, password_hash=stored)
        opened = await service.open_session(work, Audience.STAFF, invited.id)
    return _opened(request, response, opened)


@staff.get("/staff")
async def list_staff(work: StaffWork, limit: Limit = 50, cursor: Cursor = None) -> Page[schemas.StaffTold]:
    """The operator's people. For owners."""
    need(work, StaffRole.OWNER)
    found = await queries.all_staff(work, limit=limit + 1, after=read_cursor(cursor))
    more = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[schemas.StaffTold.of(person) for person in found[:limit]], next=more)


@staff.post("/staff", status_code=201)
async def invite_staff(
    work: StaffWork, response: Response, wanted: schemas.StaffInvitation
) -> schemas.StaffInvited:
    """Invite somebody; hand her the token, good for one day and once. For owners."""
    need(work, StaffRole.OWNER)
    invited, token = await service.invite_staff(work, email=wanted.email, name=wanted.name, role=wanted.role)
    response.headers["Cache-Control"] = "no-store"
    return schemas.StaffInvited(staff=schemas.StaffTold.of(invited), token=token)


@staff.put("/staff/{staff_id}/role")
async def set_role(work: StaffWork, staff_id: StaffPath, wanted: schemas.RoleWanted) -> schemas.StaffTold:
    """Let somebody do other work from her next request on. For owners."""
    need(work, StaffRole.OWNER)
    return schemas.StaffTold.of(await service.set_role(work, parse("staff", staff_id), wanted.role))


@staff.post("/staff/{staff_id}/disable")
async def disable_staff(work: StaffWork, staff_id: StaffPath) -> schemas.StaffTold:
    """Shut somebody out, her sessions at once. For owners."""
    need(work, StaffRole.OWNER)
    return schemas.StaffTold.of(await service.disable_staff(work, parse("staff", staff_id)))


@staff.delete("/staff/{staff_id}/totp")
async def forget_totp(work: StaffWork, staff_id: StaffPath) -> schemas.StaffTold:
    """Forget somebody's lost authenticator and end her sessions. For owners."""
    need(work, StaffRole.OWNER)
    return schemas.StaffTold.of(await service.forget_totp(work, parse("staff", staff_id)))


@drivers.post("/session/code", status_code=202)
async def request_code(
    request: Request, wanted: schemas.CodeWanted, background: BackgroundTasks, _gate: AtTheGate
) -> None:
    """Have a sign-in code sent to a driver's phone. The answer is the same for a phone nobody drives with."""
    keeper = _keeper(request)
    phone = e164(wanted.phone)
    await keeper.throttle.place(CODES_SENT_TO_PLACE, _place(request))
    async with database_of(request).work(GATE) as work:
        message = await service.request_code(work, keeper.secrets, phone)
    if message is not None:  # after the commit and after the answer, which thus takes equally long
        connectors: Connectors = request.app.state.connectors
        background.add_task(_send, connectors.messages, message)


async def _send(messages: Messages, message: Text) -> None:
    try:
        await messages.send(message.to, message.body)
    except (MessageRefused, MessageUnavailable) as error:
        log.warning("code_not_sent", error=type(error).__name__)


@drivers.post("/session", status_code=201)
async def sign_driver_in(
    request: Request, response: Response, wanted: schemas.CodeSignIn, _gate: AtTheGate
) -> schemas.SessionOpened:
    """Sign a driver in with the code she was sent; her other device is signed out."""
    keeper = _keeper(request)
    phone = e164(wanted.phone)
    await keeper.throttle.place(PLACE, _place(request))
    await keeper.throttle.phone(phone)
    return _opened(
        request, response, await service.redeem(database_of(request), keeper.secrets, phone, wanted.code)
    )


@drivers.get("/session")
async def who_of_drivers(work: DriverWork) -> schemas.DriverSession:
    """Who is signed in on this device."""
    assert work.actor.subject is not None
    return schemas.DriverSession(driver=public("driver", work.actor.subject))


@drivers.delete("/session", status_code=204)
async def sign_driver_out(work: DriverWork, request: Request, response: Response) -> None:
    """Sign out on this device."""
    await _sign_out(request, response, work)
