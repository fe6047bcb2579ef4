"""Who is behind a credential, and who is here."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from doorstep.features.identity import credentials
from doorstep.features.identity.models import DemoEntryRow, KeyRow, MerchantUserRow, SessionRow, StaffRow
from doorstep.features.identity.rules import DemoRole, Key, MerchantRole, Staff, StaffRole, User
from doorstep.platform.auth.actors import Audience
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotFound
from doorstep.units.ids import MalformedId, parse
from doorstep.units.time import WallInstant


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key was shown."""

    id: UUID
    holder: UUID
    scopes: frozenset[str]
    last_used_wall: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session was shown, and when it was opened and last used."""

    id: UUID
    subject: UUID
    tenant: UUID | None
    opened_wall: datetime
    seen_wall: datetime
    role: str  # the person's role today; empty for drivers


def _held_by(holder: InstrumentedAttribute[UUID | None]) -> Select[Any]:
    return select(
        KeyRow.id, holder, KeyRow.scopes, KeyRow.last_used_wall, KeyRow.expires_wall, KeyRow.revoked_wall
    ).where(KeyRow.digest == bindparam("digest"), holder.is_not(None))


# Every request with a key begins here: made once, so that their compiled form is found again by identity.
_HELD_BY_MERCHANT = _held_by(KeyRow.merchant_id)
_HELD_BY_PROVIDER = _held_by(KeyRow.provider_id)


async def key_holder(work: Work, credential: str, audience: Audience) -> KeyHolder | None:
    """Whose live key ``credential`` is; None when it is unknown, expired, revoked or another audience's."""
    asked = _HELD_BY_MERCHANT if audience is Audience.MERCHANT else _HELD_BY_PROVIDER
    digest = credentials.digest(credential)
    row = (await work.session.execute(asked, {"digest": digest})).one_or_none()
    if row is None:
        return None
    key_id, held_by, scopes, last_used, expires, revoked = row
    if revoked is not None or (expires is not None and expires <= work.wall()):
        return None
    return KeyHolder(key_id, held_by, frozenset(scopes), last_used)


async def session_of(work: Work, credential: str, audience: Audience) -> Session | None:
    """The session behind ``credential``; None when there is none or its person was disabled.

    Whether its time is over is for the caller, who may know of later use.
    """
    columns = (
        SessionRow.id,
        SessionRow.subject,
        SessionRow.tenant,
        SessionRow.opened_wall,
        SessionRow.seen_wall,
    )
    here = (SessionRow.digest == credentials.digest(credential), SessionRow.audience == audience.value)
    if audience is Audience.STAFF:
        query = (
            select(*columns, StaffRow.role)
            .join(StaffRow, StaffRow.id == SessionRow.subject)
            .where(*here, StaffRow.disabled_wall.is_(None))
        )
    elif audience is Audience.MERCHANT:
        query = (
            select(*columns, MerchantUserRow.role)
            .join(MerchantUserRow, MerchantUserRow.id == SessionRow.subject)
            .where(*here, MerchantUserRow.disabled_wall.is_(None))
        )
    else:
        found = (await work.session.execute(select(*columns).where(*here))).one_or_none()
        return None if found is None else Session(*found, role="")
    row = (await work.session.execute(query)).one_or_none()
    return None if row is None else Session(*row)


def _key(row: KeyRow) -> Key:
    return Key(
        row.id,
        row.prefix,
        row.label,
        tuple(row.scopes),
        WallInstant(row.created_wall),
        None if row.expires_wall is None else WallInstant(row.expires_wall),
        None if row.revoked_wall is None else WallInstant(row.revoked_wall),
        None if row.last_used_wall is None else WallInstant(row.last_used_wall),
    )


async def keys(work: Work, merchant_id: UUID, *, limit: int = 100, before: UUID | None = None) -> list[Key]:
    """A merchant's keys, newest first."""
    query = select(KeyRow).where(KeyRow.merchant_id == merchant_id).order_by(KeyRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(KeyRow.id < before)
    return [_key(row) for row in (await work.session.scalars(query)).all()]


def as_staff(row: StaffRow) -> Staff:
    """The public value of a row."""
    return Staff(
        id=row.id,
        email=row.email,
        name=row.name,
        role=StaffRole(row.role),
        label=row.label,
        totp=row.totp_confirmed_wall is not None,
        invited=row.password_hash is None,
        disabled=row.disabled_wall is not None,
    )


async def staff(work: Work, staff_id: UUID) -> Staff:
    """One of the operator's people. Raises NotFound."""
    row = await work.session.get(StaffRow, staff_id)
    if row is None:
        raise NotFound
    return as_staff(row)


async def names_of(work: Work, labels: Iterable[str]) -> dict[str, str]:
    """Names of the operator's people behind labels of actors, as histories hold them; others have none. For staff."""
    by_id = {}
    for label in labels:
        kind, _, named = label.partition(":")
        if kind == "staff":
            with suppress(MalformedId):  # a process may act under a name of its own
                by_id[parse("staff", named)] = label
    rows = await work.session.execute(select(StaffRow.id, StaffRow.name).where(StaffRow.id.in_(by_id)))
    return {by_id[staff_id]: name for staff_id, name in rows}


async def all_staff(work: Work, *, limit: int = 100, after: UUID | None = None) -> list[Staff]:
    """The operator's people, in the order in which they came."""
    query = select(StaffRow).order_by(StaffRow.id).limit(limit)
    if after is not None:
        query = query.where(StaffRow.id > after)
    return [as_staff(row) for row in (await work.session.scalars(query)).all()]


def as_user(row: MerchantUserRow) -> User:
    """The public value of a row."""
    return User(
        id=row.id,
        merchant_id=row.merchant_id,
        email=row.email,
        name=row.name,
        role=MerchantRole(row.role),
        store_id=row.store_id,
        invited=row.password_hash is None,
        disabled=row.disabled_wall is not None,
    )


async def user(work: Work, user_id: UUID) -> User:
    """One of a merchant's people. Raises NotFound."""
    row = await work.session.get(MerchantUserRow, user_id)
    if row is None:
        raise NotFound
    return as_user(row)


async def users(work: Work, merchant_id: UUID, *, limit: int = 100, after: UUID | None = None) -> list[User]:
    """A merchant's people, in the order in which they came, those shut out too."""
    query = (
        select(MerchantUserRow)
        .where(MerchantUserRow.merchant_id == merchant_id)
        .order_by(MerchantUserRow.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(MerchantUserRow.id > after)
    return [as_user(row) for row in (await work.session.scalars(query)).all()]


async def store_of(work: Work) -> UUID | None:
    """The store whose counter the asking person works at; None for a key and for those who may act everywhere."""
    if work.actor.audience is not Audience.MERCHANT or work.actor.subject is None:
        return None
    store_id: UUID | None = await work.session.scalar(
        select(MerchantUserRow.store_id).where(MerchantUserRow.id == work.actor.subject)
    )
    return store_id


async def demo_subject(work: Work, role: DemoRole) -> UUID | None:
    """Whose account visitors of a demo use who enter as ``role``; None where nobody enters so.

    For the gate, the operator's people and the network itself.
    """
    row = await work.session.get(DemoEntryRow, role.value)
    return None if row is None else row.subject
