"""Routes of a merchant's own people: who works for it, and at which store's counter."""

from typing import Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import Field

from doorstep.features.identity import queries as identity_queries
from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import MerchantRole, Scope, User
from doorstep.features.identity.schemas import Asked, Email, Line, Told
from doorstep.features.merchants import queries
from doorstep.features.merchants.errors import StoreNeeded
from doorstep.platform.auth.gate import MerchantWork, need
from doorstep.platform.errors import Fault
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import MerchantId, parse, public

router = APIRouter(prefix="/v1/users", tags=["merchant: people"], responses=PROBLEMS)

UserPath = Annotated[str, Path(max_length=40, examples=["usr_01jd0000000000000000000000"])]


class UserWanted(Asked):
    """Who is to work for the merchant, and as what."""

    email: Email
    name: Line
    role: MerchantRole
    store: str | None = Field(
        default=None,
        max_length=40,
        description="The store whose counter she works at: for the role `store`, and for it alone.",
        examples=["str_01jd0000000000000000000000"],
    )


class UserTold(Told):
    """One of the merchant's people."""

    id: str
    email: str
    name: str
    role: MerchantRole
    store: str | None
    invited: bool = Field(description="Has not chosen a password yet.")
    disabled: bool

    @classmethod
    def of(cls, user: User) -> Self:
        """One of a merchant's people, as her colleagues see her."""
        return cls(
            id=public("user", user.id),
            email=user.email,
            name=user.name,
            role=user.role,
            store=None if user.store_id is None else public("store", user.store_id),
            invited=user.invited,
            disabled=user.disabled,
        )


class UserInvited(Told):
    """Somebody invited, with the one-time token to hand to her."""

    user: UserTold
    token: str = Field(description="For `POST /v1/invitation`: good for one day and once.")


def _me(work: MerchantWork) -> MerchantId:
    assert work.actor.tenant is not None
    return MerchantId(work.actor.tenant)


@router.get("")
async def list_users(work: MerchantWork, limit: Limit = 50, cursor: Cursor = None) -> Page[UserTold]:
    """The merchant's people, in the order in which they came. Needs the scope `users:write`."""
    need(work, Scope.USERS_WRITE)
    found = await identity_queries.users(work, _me(work), limit=limit + 1, after=read_cursor(cursor))
    more = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[UserTold.of(user) for user in found[:limit]], next=more)


@router.post("", status_code=201)
async def invite_user(work: MerchantWork, response: Response, wanted: UserWanted) -> UserInvited:
    """Invite somebody with a role that the inviter could fill herself. Needs the scope `users:write`."""
    need(work, Scope.USERS_WRITE)
    at_counter = wanted.role is MerchantRole.STORE
    if at_counter != (wanted.store is not None):
        raise StoreNeeded(faults=[Fault("/store", "for the role store, and for it alone")])
    store = None if wanted.store is None else await queries.store(work, parse("store", wanted.store))
    invited, token = await identity.invite_user(
        work,
        _me(work),
        email=wanted.email,
        name=wanted.name,
        role=wanted.role,
        store_id=None if store is None else store.id,
    )
    response.headers["Cache-Control"] = "no-store"
    return UserInvited(user=UserTold.of(invited), token=token)


@router.delete("/{user_id}", status_code=204)
async def disable_user(work: MerchantWork, user_id: UserPath) -> None:
    """Shut somebody out at once. Needs the scope `users:write`."""
    need(work, Scope.USERS_WRITE)
    await identity.disable_user(work, _me(work), parse("user", user_id))
