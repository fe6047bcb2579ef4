"""Verbs about people: staff, merchants' users, drivers' phones, one-time links."""

from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from doorstep.features.identity import credentials, passwords, phones, queries
from doorstep.features.identity.credentials import Kind
from doorstep.features.identity.errors import (
    EmailTaken,
    LastOwner,
    LinkSpent,
    PhoneTaken,
    ScopeTooWide,
    TooManyUsers,
)
from doorstep.features.identity.models import DriverPhoneRow, LinkRow, MerchantUserRow, SessionRow, StaffRow
from doorstep.features.identity.remembered import raise_generation
from doorstep.features.identity.rules import (
    LINK_LIFETIME,
    SCOPES_OF,
    USERS_ALIVE,
    MerchantRole,
    Staff,
    StaffRole,
    User,
)
from doorstep.platform import audit
from doorstep.platform.auth.actors import Audience
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotFound
from doorstep.units.ids import DriverId, MerchantId, public


def plain_email(email: str) -> str:
    """How an e-mail is kept: without spaces around it, in lower case."""
    return email.strip().lower()


async def create_staff(
    work: Work,
    *,
    email: str,
    name: str,
    role: StaffRole,
    password: str | None = None,
    password_hash: str | None = None,
    label: str = "",
) -> Staff:
    """Let somebody work for the operator. Without a password she needs an invitation first. Raises EmailTaken."""
    if password is not None:
        password_hash = await passwords.hashed(password)
    row_id = work.new_id()
    made = await work.session.execute(
        insert(StaffRow)
        .values(
            id=row_id,
            email=plain_email(email),
            name=name,
            role=role.value,
            label=label,
            password_hash=password_hash,
            totp_last_step=0,
            created_wall=work.wall(),
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(StaffRow.id)
    )
    if made.one_or_none() is None:
        raise EmailTaken
    await audit.record(work, "staff.create", public("staff", row_id), after={"role": role})
    return await queries.staff(work, row_id)


async def create_user(
    work: Work,
    merchant_id: MerchantId | UUID,
    *,
    email: str,
    name: str,
    role: MerchantRole,
    password: str | None = None,
    store_id: UUID | None = None,
) -> User:
    """Let somebody work for a merchant, at one store's counter or for all. Without a password she needs an invitation.

    Raises EmailTaken.
    """
    stored = None if password is None else await passwords.hashed(password)
    row_id = work.new_id()
    made = await work.session.execute(
        insert(MerchantUserRow)
        .values(
            id=row_id,
            merchant_id=merchant_id,
            email=plain_email(email),
            name=name,
            role=role.value,
            store_id=store_id,
            password_hash=stored,
            created_wall=work.wall(),
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(MerchantUserRow.id)
    )
    if made.one_or_none() is None:
        raise EmailTaken
    await audit.record(
        work,
        "user.create",
        public("user", row_id),
        after={"role": role, "merchant": public("merchant", merchant_id)},
    )
    return await queries.user(work, row_id)


async def invite_user(
    work: Work,
    merchant_id: MerchantId | UUID,
    *,
    email: str,
    name: str,
    role: MerchantRole,
    store_id: UUID | None,
) -> tuple[User, str]:
    """Somebody new of a merchant and the one-time token with which she chooses her password.

    A merchant's own request cannot let in somebody who may do more than itself. Raises ScopeTooWide,
    TooManyUsers, EmailTaken.
    """
    if work.actor.audience is Audience.MERCHANT and not SCOPES_OF[role] <= work.actor.roles:
        wider = ", ".join(sorted(SCOPES_OF[role] - work.actor.roles))
        raise ScopeTooWide(f"Who invites has not: {wider}.")
    alive = await work.session.scalar(
        select(func.count())
        .select_from(MerchantUserRow)
        .where(MerchantUserRow.merchant_id == merchant_id, MerchantUserRow.disabled_wall.is_(None))
    )
    if (alive or 0) >= USERS_ALIVE:
        raise TooManyUsers(f"{alive} people have access; {USERS_ALIVE} are allowed.")
    invited = await create_user(work, merchant_id, email=email, name=name, role=role, store_id=store_id)
    return invited, _link(work, user=invited)


async def disable_user(work: Work, merchant_id: MerchantId | UUID, user_id: UUID) -> None:
    """Shut one of a merchant's people out, her sessions with the next request. Raises NotFound."""
    row = await work.session.get(MerchantUserRow, user_id, with_for_update=True, populate_existing=True)
    if row is None or row.merchant_id != merchant_id:
        raise NotFound
    if row.disabled_wall is None:
        row.disabled_wall = work.wall()
        await audit.record(
            work, "user.disable", public("user", user_id), after={"merchant": public("merchant", merchant_id)}
        )
        await work.session.flush()


async def register_driver_phone(work: Work, driver_id: DriverId | UUID, phone: str) -> str:
    """Let a driver sign in with ``phone``; an earlier one no longer does. Returns it as E.164.

    Raises NoPhone, and PhoneTaken when another driver has it.
    """
    number = phones.e164(phone)
    taken = await work.session.execute(select(DriverPhoneRow.driver_id).where(DriverPhoneRow.phone == number))
    if taken.scalar_one_or_none() not in {None, driver_id}:
        raise PhoneTaken
    await work.session.execute(
        insert(DriverPhoneRow)
        .values(driver_id=driver_id, phone=number, registered_wall=work.wall())
        .on_conflict_do_update(
            index_elements=["driver_id"], set_={"phone": number, "registered_wall": work.wall()}
        )
    )
    await audit.record(work, "driver_phone.register", public("driver", driver_id))
    return number


async def set_role(work: Work, staff_id: UUID, role: StaffRole) -> Staff:
    """Let somebody do other work from the next request on. Raises NotFound, LastOwner."""
    row = await _held(work, staff_id)
    if role is not StaffRole.OWNER:
        await _keep_an_owner(work, row)
    before, row.role = row.role, role.value
    await audit.record(
        work, "staff.set_role", public("staff", staff_id), before={"role": before}, after={"role": role}
    )
    await work.session.flush()
    return queries.as_staff(row)


async def disable_staff(work: Work, staff_id: UUID) -> Staff:
    """End somebody's sessions and refuse new ones. Raises NotFound, LastOwner."""
    row = await _held(work, staff_id)
    await _keep_an_owner(work, row)
    row.disabled_wall = row.disabled_wall or work.wall()
    await audit.record(work, "staff.disable", public("staff", staff_id))
    await work.session.flush()
    await end_sessions(work, staff_id)
    return queries.as_staff(row)


async def forget_totp(work: Work, staff_id: UUID) -> Staff:
    """Somebody lost her authenticator: she signs in by password alone until she enrols another. Raises NotFound."""
    row = await _held(work, staff_id)
    row.totp_sealed = None
    row.totp_confirmed_wall = None
    await audit.record(work, "staff.forget_totp", public("staff", staff_id))
    await work.session.flush()
    await end_sessions(work, staff_id)
    return queries.as_staff(row)


async def end_sessions(work: Work, subject: UUID) -> int:
    """Sign ``subject`` (staff, user or driver) out everywhere; returns how many sessions ended."""
    ended = await work.session.execute(
        delete(SessionRow).where(SessionRow.subject == subject).returning(SessionRow.audience)
    )
    audiences = list(ended.scalars())
    if Audience.DRIVER in audiences:
        await raise_generation(work)
    return len(audiences)


async def owner_link(work: Work) -> str:
    """A one-time token with which the first owner (or a new one) signs up within a day.

    Only for whoever sits at the machine: the command line prints it once. An older one no longer works.
    """
    await work.session.execute(
        update(LinkRow)
        .where(LinkRow.staff_id.is_(None), LinkRow.user_id.is_(None), LinkRow.spent_wall.is_(None))
        .values(spent_wall=work.wall())
    )
    await audit.record(work, "owner_link.create", "network")
    return _link(work)


async def invite_staff(work: Work, *, email: str, name: str, role: StaffRole) -> tuple[Staff, str]:
    """Somebody new and the one-time token with which she chooses her password. Raises EmailTaken."""
    invited = await create_staff(work, email=email, name=name, role=role)
    return invited, _link(work, staff_id=invited.id)


async def redeem_owner_link(work: Work, link: str, *, name: str, email: str, password_hash: str) -> Staff:
    """The owner signs up. Raises LinkSpent, EmailTaken."""
    await _spend(work, link, LinkRow.staff_id.is_(None), LinkRow.user_id.is_(None))
    return await create_staff(work, email=email, name=name, role=StaffRole.OWNER, password_hash=password_hash)


async def redeem_invitation(work: Work, link: str, *, password_hash: str) -> Staff:
    """Somebody invited chooses her password. Raises LinkSpent."""
    spent = await _spend(work, link, LinkRow.staff_id.is_not(None))
    row = await work.session.get(StaffRow, spent.staff_id, with_for_update=True)
    if row is None or row.disabled_wall is not None:
        raise LinkSpent
    row.password_hash = password_hash
    await work.session.flush()
    await audit.record(work, "staff.accept_invitation", public("staff", row.id))
    return queries.as_staff(row)


async def redeem_user_invitation(work: Work, link: str, *, password_hash: str) -> User:
    """Somebody whom a merchant invited chooses her password. Raises LinkSpent."""
    spent = await _spend(work, link, LinkRow.user_id.is_not(None))
    row = await work.session.get(MerchantUserRow, spent.user_id, with_for_update=True)
    if row is None or row.disabled_wall is not None:
        raise LinkSpent
    row.password_hash = password_hash
    await work.session.flush()
    await audit.record(work, "user.accept_invitation", public("user", row.id))
    return queries.as_user(row)


def _link(work: Work, *, staff_id: UUID | None = None, user: User | None = None) -> str:
    token = credentials.make(Kind.LINK)
    work.session.add(
        LinkRow(
            id=work.new_id(),
            digest=credentials.digest(token),
            staff_id=staff_id,
            user_id=user.id if user else None,
            merchant_id=user.merchant_id if user else None,
            made_wall=work.wall(),
            spent_wall=None,
        )
    )
    return token


async def _spend(work: Work, link: str, *of_kind: ColumnElement[bool]) -> Row[UUID | None, UUID | None]:
    """Use a link of one kind up; whom it is for. One statement decides: of two at once, one has it.

    Raises LinkSpent.
    """
    spent = await work.session.execute(
        update(LinkRow)
        .where(
            LinkRow.digest == credentials.digest(link),
            *of_kind,
            LinkRow.spent_wall.is_(None),
            LinkRow.made_wall > work.wall() - LINK_LIFETIME,
        )
        .values(spent_wall=work.wall())
        .returning(LinkRow.staff_id, LinkRow.user_id)
    )
    row = spent.one_or_none()
    if row is None:
        raise LinkSpent
    return row


async def _held(work: Work, staff_id: UUID) -> StaffRow:
    # One lock for all changes of who may do what, so that two owners cannot demote each other at once.
    await work.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('identity:staff', 0))"))
    row = await work.session.get(StaffRow, staff_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def _keep_an_owner(work: Work, row: StaffRow) -> None:
    if row.role != StaffRole.OWNER.value or row.disabled_wall is not None:
        return
    others = await work.session.execute(
        select(func.count())
        .select_from(StaffRow)
        .where(
            StaffRow.role == StaffRole.OWNER.value,
            StaffRow.disabled_wall.is_(None),
            StaffRow.password_hash.is_not(None),
            StaffRow.id != row.id,
        )
    )
    if others.scalar_one() == 0:
        raise LastOwner
