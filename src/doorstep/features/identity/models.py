"""Identity's own tables. Digests and hashes only; nothing here lets anybody in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible


class KeyRow(Row):
    """An API key of a merchant or a provider."""

    __tablename__ = "access_keys"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()", provider="provider_id = doorstep_subject()", gate="true"
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID | None] = mapped_column(index=True)
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    prefix: Mapped[str]
    label: Mapped[str]
    scopes: Mapped[list[Any]]
    created_wall: Mapped[datetime]
    expires_wall: Mapped[datetime | None]
    revoked_wall: Mapped[datetime | None]
    last_used_wall: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("(merchant_id IS NULL) <> (provider_id IS NULL)", name="one_holder"),)


class StaffRow(Row):
    """One of the operator's people."""

    __tablename__ = "staff"
    __visible__ = Visible(gate="true")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    role: Mapped[str]
    label: Mapped[str]
    password_hash: Mapped[str | None]  # none until an invitation is redeemed
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_wall: Mapped[datetime | None]
    totp_last_step: Mapped[int]  # the newest half minute whose code was used; older ones are refused
    created_wall: Mapped[datetime]
    disabled_wall: Mapped[datetime | None]


class MerchantUserRow(Row):
    """One of a merchant's people."""

    __tablename__ = "merchant_users"
    __visible__ = Visible(merchant="merchant_id = doorstep_tenant()", gate="true")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(index=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    role: Mapped[str]
    store_id: Mapped[UUID | None]  # of the store at whose counter she works
    password_hash: Mapped[str | None]  # none before she has accepted her invitation
    created_wall: Mapped[datetime]
    disabled_wall: Mapped[datetime | None]


class SessionRow(Row):
    """Somebody signed in on one device."""

    __tablename__ = "sessions"
    __visible__ = Visible(
        merchant="audience = 'merchant' AND tenant = doorstep_tenant() AND subject = doorstep_subject()",
        driver="audience = 'driver' AND subject = doorstep_subject()",
        gate="true",
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    audience: Mapped[str]
    subject: Mapped[UUID]
    tenant: Mapped[UUID | None]
    opened_wall: Mapped[datetime]
    seen_wall: Mapped[datetime]
    __table_args__ = (Index("ix_sessions_subject", "subject", "audience"),)


class DriverPhoneRow(Row):
    """The phone a driver signs in with."""

    __tablename__ = "driver_phones"
    __visible__ = Visible(driver="driver_id = doorstep_subject()", gate="true")
    driver_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)  # E.164
    registered_wall: Mapped[datetime]


class SignInCodeRow(Row):
    """A one-time code that was asked for, whether or not a driver has that phone."""

    __tablename__ = "sign_in_codes"
    __visible__ = Visible(staff=None, gate="true")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str]
    mac: Mapped[bytes] = mapped_column(LargeBinary)  # keyed: six digits would be guessed from a plain hash
    asked_wall: Mapped[datetime]
    tries: Mapped[int]
    spent_wall: Mapped[datetime | None]
    __table_args__ = (Index("ix_sign_in_codes_phone", "phone", "asked_wall"),)


class LinkRow(Row):
    """A one-time link: for the first owner (nobody named), or for somebody of the operator or of a merchant."""

    __tablename__ = "entry_links"
    __visible__ = Visible(merchant="merchant_id = doorstep_tenant()", gate="true")
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    staff_id: Mapped[UUID | None] = mapped_column(index=True)
    user_id: Mapped[UUID | None]
    merchant_id: Mapped[UUID | None]  # of the user
    made_wall: Mapped[datetime]
    spent_wall: Mapped[datetime | None]


class DemoEntryRow(Row):
    """As whom one click enters the demo."""

    __tablename__ = "demo_entries"
    __visible__ = Visible(gate="true")
    role: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[UUID]
    tenant: Mapped[UUID | None]


class AccessGenerationRow(Row):
    """One row that rises whenever a driver's session ends, so that processes forget what they remember."""

    __tablename__ = "access_generations"
    __visible__ = Visible(
        secured=False, why="one number that says nothing about anybody", web="SELECT, INSERT, UPDATE"
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int]
