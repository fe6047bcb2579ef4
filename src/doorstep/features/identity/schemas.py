"""Identity on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from doorstep.features.identity import rules
from doorstep.features.identity.rules import MerchantRole, Scope, StaffRole
from doorstep.platform.auth.actors import Audience
from doorstep.units.ids import public

Line = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
# As the HTML standard defines a valid e-mail address, with at least one dot in the domain.
Email = Annotated[
    str,
    StringConstraints(
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
    Field(examples=["ada@example.com"]),
]
Password = Annotated[str, StringConstraints(max_length=200), Field(examples=["correct horse battery staple"])]
NewPassword = Annotated[
    str, StringConstraints(min_length=12, max_length=200), Field(examples=["correct horse battery staple"])
]
SixDigits = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(examples=["492039"])]
Phone = Annotated[
    str,
    StringConstraints(min_length=4, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$"),
    Field(examples=["+16155550142"]),
]
Link = Annotated[str, StringConstraints(min_length=10, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class PasswordSignIn(Asked):
    """E-mail and password."""

    email: Email
    password: Password


class StaffSignIn(PasswordSignIn):
    """E-mail, password and, where enrolled, the authenticator's code."""

    totp: SixDigits | None = None


class CodeWanted(Asked):
    """A phone that wants a sign-in code."""

    phone: Phone


class CodeSignIn(CodeWanted):
    """A phone and the code it was sent."""

    code: SixDigits


class OwnerSignUp(Asked):
    """The link's token and who the owner is."""

    token: Link
    name: Line
    email: Email
    password: NewPassword


class InvitationAccepted(Asked):
    """The invitation's token and the password chosen."""

    token: Link
    password: NewPassword


class TotpCode(Asked):
    """What the authenticator shows now."""

    code: SixDigits


class StaffInvitation(Asked):
    """Who is to work for the operator, and as what."""

    email: Email
    name: Line
    role: StaffRole


class RoleWanted(Asked):
    """What somebody is to do from now on."""

    role: StaffRole


class KeyWanted(Asked):
    """A key for a merchant's software."""

    label: Line = Field(examples=["checkout, production"])
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    lifetime_days: int | None = Field(
        default=None, ge=1, le=3650, description="How long it is good for; without it, until revoked."
    )


class SessionOpened(Told):
    """A session. `token` is shown this once; browsers also got it as a cookie."""

    token: str
    audience: Audience
    subject: str
    expires_at: datetime

    @classmethod
    def of(cls, opened: rules.SignedIn) -> Self:
        """The session as its owner first sees it."""
        noun = {Audience.STAFF: "staff", Audience.MERCHANT: "user", Audience.DRIVER: "driver"}[
            opened.audience
        ]
        return cls(
            token=opened.token,
            audience=opened.audience,
            subject=public(noun, opened.subject),
            expires_at=opened.expires_wall,
        )


class StaffTold(Told):
    """One of the operator's people."""

    id: str
    email: str
    name: str
    role: StaffRole
    label: str
    totp: bool = Field(description="A second factor is enrolled and demanded.")
    invited: bool = Field(description="Has not chosen a password yet.")
    disabled: bool

    @classmethod
    def of(cls, staff: rules.Staff) -> Self:
        """One of the operator's people, as her colleagues see her."""
        return cls(
            id=public("staff", staff.id),
            email=staff.email,
            name=staff.name,
            role=staff.role,
            label=staff.label,
            totp=staff.totp,
            invited=staff.invited,
            disabled=staff.disabled,
        )


class StaffInvited(Told):
    """Somebody invited, with the one-time token to hand to her."""

    staff: StaffTold
    token: str


class TotpBegun(Told):
    """The address to show as a QR code to the authenticator; counts once confirmed."""

    otpauth_uri: str


class MerchantSession(Told):
    """Who is asking, of a merchant: a person signed in, or its software (then without a person)."""

    merchant: str
    user: str | None
    email: str | None
    name: str | None
    role: MerchantRole | None
    scopes: list[str]


class DriverSession(Told):
    """Who is signed in on this device."""

    driver: str


class KeyTold(Told):
    """A key as lists show it."""

    id: str
    prefix: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")

    @classmethod
    def of(cls, key: rules.Key) -> Self:
        """All of a key but its secret."""
        return cls(
            id=public("key", key.id),
            prefix=key.prefix,
            label=key.label,
            scopes=list(key.scopes),
            created_at=key.created_wall,
            expires_at=key.expires_wall,
            revoked_at=key.revoked_wall,
            last_used_at=key.last_used_wall,
        )


class KeyCreated(Told):
    """A fresh key. `secret` is shown this once."""

    id: str
    secret: str
