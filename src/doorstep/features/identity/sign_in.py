"""Verbs of signing in: by password and second factor, by a code sent to a phone, by one click in a demo.

Verbs that compute a password hash take the ``Database`` and open short works of their own, so that nobody
holds a connection while waiting for a hash. Wrong tries are counted in a transaction that commits.
"""

import hmac
import secrets as chance
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.identity import credentials, passwords, phones
from doorstep.features.identity.credentials import Kind
from doorstep.features.identity.errors import (
    NoDemoEntry,
    TooManyTries,
    TotpNeeded,
    TotpStands,
    WrongCode,
    WrongSignIn,
    WrongTotp,
)
from doorstep.features.identity.models import (
    DemoEntryRow,
    DriverPhoneRow,
    MerchantUserRow,
    SessionRow,
    SignInCodeRow,
    StaffRow,
)
from doorstep.features.identity.people import plain_email
from doorstep.features.identity.remembered import raise_generation
from doorstep.features.identity.rules import (
    CODE_LIFETIME,
    CODE_TRIES,
    CODES_AN_HOUR,
    LIFETIMES,
    DemoRole,
    SignedIn,
    Text,
)
from doorstep.platform import audit
from doorstep.platform.auth.actors import Audience
from doorstep.platform.auth.gate import GATE
from doorstep.platform.clock_anchor import mode_of
from doorstep.platform.db.work import Database, Work
from doorstep.platform.errors import NotFound
from doorstep.platform.secrets import Secrets
from doorstep.units.ids import DriverId, public
from doorstep.units.time import WallInstant, epoch_s

_HOUR = timedelta(hours=1)
_STEP_S = 30


async def open_session(work: Work, audience: Audience, subject: UUID, tenant: UUID | None = None) -> SignedIn:
    """Sign ``subject`` in on one more device; forgets sessions of hers whose time is over."""
    wall = work.wall()
    lifetime = LIFETIMES[audience]
    await work.session.execute(
        delete(SessionRow).where(
            SessionRow.subject == subject,
            SessionRow.audience == audience.value,
            SessionRow.opened_wall < wall - lifetime.absolute,
        )
    )
    token = credentials.make(credentials.SESSIONS[audience])
    work.session.add(
        SessionRow(
            id=work.new_id(),
            digest=credentials.digest(token),
            audience=audience.value,
            subject=subject,
            tenant=tenant,
            opened_wall=wall,
            seen_wall=wall,
        )
    )
    await work.session.flush()
    return SignedIn(token, audience, subject, tenant, WallInstant(wall + lifetime.absolute))


async def end_session(work: Work, token: str) -> None:
    """Sign out: the token lets nobody in any more. Ending a session twice is once."""
    await work.session.execute(delete(SessionRow).where(SessionRow.digest == credentials.digest(token)))
    if credentials.kind_of(token) is Kind.DRIVER_SESSION:
        await raise_generation(work)


async def staff_sign_in(
    database: Database, secrets: Secrets, *, email: str, password: str, totp: str | None
) -> SignedIn:
    """Sign one of the operator's people in. Raises WrongSignIn, TotpNeeded, WrongTotp."""
    async with database.work(GATE) as work:
        row = await work.session.scalar(
            select(StaffRow).where(StaffRow.email == plain_email(email), StaffRow.disabled_wall.is_(None))
        )
    if not await passwords.fits(row.password_hash if row else None, password) or row is None:
        raise WrongSignIn
    async with database.work(GATE) as work:
        # Read again under a lock: the person may have been disabled while the hash was computed.
        fresh = await work.session.get(StaffRow, row.id, with_for_update=True)
        if fresh is None or fresh.disabled_wall is not None or fresh.password_hash != row.password_hash:
            raise WrongSignIn
        if fresh.totp_confirmed_wall is not None:
            if totp is None:
                raise TotpNeeded
            _use_totp(fresh, secrets, totp, work.wall())
        return await open_session(work, Audience.STAFF, fresh.id)


async def user_sign_in(database: Database, *, email: str, password: str) -> SignedIn:
    """Sign one of a merchant's people in. Raises WrongSignIn."""
    async with database.work(GATE) as work:
        row = await work.session.scalar(
            select(MerchantUserRow).where(
                MerchantUserRow.email == plain_email(email), MerchantUserRow.disabled_wall.is_(None)
            )
        )
    if not await passwords.fits(row.password_hash if row else None, password) or row is None:
        raise WrongSignIn
    async with database.work(GATE) as work:
        return await open_session(work, Audience.MERCHANT, row.id, row.merchant_id)


def _use_totp(row: StaffRow, secrets: Secrets, code: str, wall: WallInstant) -> None:
    """Accept ``code`` of this half minute or its neighbours, each once. Raises WrongTotp (RFC 6238, 5.2)."""
    assert row.totp_sealed is not None
    generator = pyotp.TOTP(secrets.unseal(row.totp_sealed).decode())
    now = epoch_s(wall) // _STEP_S
    for step in (now - 1, now, now + 1):
        if step > row.totp_last_step and hmac.compare_digest(
            generator.generate_otp(step).encode(), code.encode()
        ):
            row.totp_last_step = step
            return
    raise WrongTotp


async def begin_totp(work: Work, secrets: Secrets, staff_id: UUID) -> str:
    """A fresh second factor for ``staff_id`` as an ``otpauth:`` address for her authenticator.

    It counts once confirmed. Raises TotpStands when one is confirmed already.
    """
    row = await work.session.get(StaffRow, staff_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.totp_confirmed_wall is not None:
        raise TotpStands(
            "A second factor is enrolled.", remedy="An owner can make the network forget it first."
        )
    secret = pyotp.random_base32()
    row.totp_sealed = secrets.seal(secret.encode())
    row.totp_last_step = 0
    return pyotp.TOTP(secret).provisioning_uri(name=row.email, issuer_name="Doorstep")


async def confirm_totp(work: Work, secrets: Secrets, staff_id: UUID, code: str) -> None:
    """From now on sign-in demands the second factor. Raises TotpStands, WrongTotp."""
    row = await work.session.get(StaffRow, staff_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.totp_sealed is None or row.totp_confirmed_wall is not None:
        raise TotpStands("There is no second factor waiting to be confirmed.")
    _use_totp(row, secrets, code, work.wall())
    row.totp_confirmed_wall = work.wall()
    await audit.record(work, "staff.confirm_totp", public("staff", staff_id))


def _mac(secrets: Secrets, row_id: UUID, phone: str, code: str) -> bytes:
    return secrets.sign("sessions", b"sign-in-code:" + row_id.bytes + phone.encode() + b":" + code.encode())


async def request_code(work: Work, secrets: Secrets, phone: str) -> Text | None:
    """A one-time code for ``phone``, to be sent after the commit; None when no driver has it.

    The row is written and counted either way, so that nobody learns who drives. A newer code replaces
    older ones. Raises NoPhone, and TooManyTries after five codes within an hour.
    """
    number = phones.e164(phone)
    wall = work.wall()
    await work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 0))"), {"scope": f"code:{number}"}
    )
    await work.session.execute(
        delete(SignInCodeRow).where(SignInCodeRow.asked_wall < wall - timedelta(days=1))
    )
    asked, first = (
        await work.session.execute(
            select(func.count(), func.min(SignInCodeRow.asked_wall)).where(
                SignInCodeRow.phone == number, SignInCodeRow.asked_wall > wall - _HOUR
            )
        )
    ).one()
    if asked >= CODES_AN_HOUR:
        wait_s = max(1, int((first + _HOUR - wall).total_seconds()) + 1)
        raise TooManyTries(
            f"{asked} codes were sent within an hour; try again in {wait_s} s.",
            facts={"retry_after_s": wait_s},
        )
    await _spend_codes(work, number)
    code = f"{chance.randbelow(1_000_000):06d}"
    row_id = work.new_id()
    work.session.add(
        SignInCodeRow(
            id=row_id,
            phone=number,
            mac=_mac(secrets, row_id, number, code),
            asked_wall=wall,
            tries=0,
            spent_wall=None,
        )
    )
    driver = await work.session.scalar(select(DriverPhoneRow.driver_id).where(DriverPhoneRow.phone == number))
    if driver is None:
        return None
    return Text(number, f"{code} is your Doorstep code. It lasts five minutes. We never ask for it.")


async def redeem_code(work: Work, secrets: Secrets, phone: str, code: str) -> SignedIn | None:
    """Sign in the driver who has ``phone``; her other devices are signed out. None when the code is wrong.

    Counts the try in this work, so the caller commits before it refuses (``redeem``). Raises NoPhone.
    """
    number = phones.e164(phone)
    wall = work.wall()
    tried = (
        await work.session.execute(
            update(SignInCodeRow)
            .where(
                SignInCodeRow.phone == number,
                SignInCodeRow.spent_wall.is_(None),
                SignInCodeRow.asked_wall > wall - CODE_LIFETIME,
                SignInCodeRow.tries < CODE_TRIES,
            )
            .values(tries=SignInCodeRow.tries + 1)
            .returning(SignInCodeRow.id, SignInCodeRow.mac)
        )
    ).one_or_none()
    if tried is None or not hmac.compare_digest(tried.mac, _mac(secrets, tried.id, number, code)):
        return None
    await _spend_codes(work, number)
    driver = await work.session.scalar(select(DriverPhoneRow.driver_id).where(DriverPhoneRow.phone == number))
    return None if driver is None else await open_driver_session(work, DriverId(driver))


async def redeem(database: Database, secrets: Secrets, phone: str, code: str) -> SignedIn:
    """``redeem_code`` in a work of its own, so that a wrong try stays counted. Raises WrongCode, NoPhone."""
    async with database.work(GATE) as work:
        opened = await redeem_code(work, secrets, phone, code)
    if opened is None:
        raise WrongCode
    return opened


async def open_driver_session(work: Work, driver_id: DriverId | UUID) -> SignedIn:
    """Sign a driver in on this device and out on all others: one active device per driver."""
    others = await work.session.execute(
        delete(SessionRow)
        .where(SessionRow.subject == driver_id, SessionRow.audience == Audience.DRIVER.value)
        .returning(SessionRow.id)
    )
    if others.all():
        await raise_generation(work)
    return await open_session(work, Audience.DRIVER, driver_id)


async def phone_since(work: Work, driver_id: DriverId | UUID) -> WallInstant | None:
    """Since when a driver's one device is signed in; None when none is. For the network itself."""
    opened: datetime | None = await work.session.scalar(
        select(SessionRow.opened_wall).where(
            SessionRow.subject == driver_id, SessionRow.audience == Audience.DRIVER.value
        )
    )
    return None if opened is None else WallInstant(opened)


async def _spend_codes(work: Work, phone: str) -> None:
    await work.session.execute(
        update(SignInCodeRow)
        .where(SignInCodeRow.phone == phone, SignInCodeRow.spent_wall.is_(None))
        .values(spent_wall=work.wall())
    )


async def mark_demo_entry(work: Work, role: DemoRole, subject: UUID, tenant: UUID | None = None) -> None:
    """Say as whom one click enters: a staff member, a driver, or a merchant's user with its merchant.

    Raises NoDemoEntry in a network that is no demo.
    """
    if await mode_of(work) != "demo":
        raise NoDemoEntry
    await work.session.execute(
        insert(DemoEntryRow)
        .values(role=role.value, subject=subject, tenant=tenant)
        .on_conflict_do_update(index_elements=["role"], set_={"subject": subject, "tenant": tenant})
    )


async def enter_demo(work: Work, role: DemoRole) -> SignedIn:
    """Sign a visitor of the demo in, beside whoever uses the same account. Raises NoDemoEntry."""
    row = await work.session.get(DemoEntryRow, role.value)
    if row is None or await mode_of(work) != "demo":
        raise NoDemoEntry
    return await open_session(work, role.audience, row.subject, row.tenant)
