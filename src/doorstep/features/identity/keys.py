"""Verbs about API keys."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from doorstep.features.identity import credentials
from doorstep.features.identity.credentials import Kind
from doorstep.features.identity.errors import ScopeTooWide, TooManyKeys
from doorstep.features.identity.models import KeyRow
from doorstep.features.identity.rules import KEYS_ALIVE, NewKey, Scope
from doorstep.platform import audit
from doorstep.platform.auth.actors import Audience
from doorstep.platform.clock_anchor import mode_of
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotFound
from doorstep.units.ids import MerchantId, ProviderId, public


async def create_key(
    work: Work,
    merchant_id: MerchantId | UUID,
    scopes: Iterable[Scope | str],
    label: str,
    *,
    expires_wall: datetime | None = None,
) -> NewKey:
    """Make a key for a merchant's software; its secret is told this once.

    It begins with ``sk_live_``, in a demo network with ``sk_test_``. A merchant's own request cannot make
    a key that may do more than itself. Raises ScopeTooWide, TooManyKeys, ValueError for an unknown scope.
    """
    wanted = frozenset(Scope(scope) for scope in scopes)
    if work.actor.audience is Audience.MERCHANT and not wanted <= work.actor.roles:
        raise ScopeTooWide(f"The maker has not: {', '.join(sorted(wanted - work.actor.roles))}.")
    live = (
        await work.session.execute(
            select(func.count())
            .select_from(KeyRow)
            .where(KeyRow.merchant_id == merchant_id, KeyRow.revoked_wall.is_(None))
        )
    ).scalar_one()
    if live >= KEYS_ALIVE:
        raise TooManyKeys(f"{live} keys are alive; {KEYS_ALIVE} are allowed.")
    kind = Kind.TEST_KEY if await mode_of(work) == "demo" else Kind.LIVE_KEY
    return await _written(work, kind, label, wanted, expires_wall, merchant_id=merchant_id)


async def create_provider_key(
    work: Work, provider_id: ProviderId | UUID, label: str, *, expires_wall: datetime | None = None
) -> NewKey:
    """Make a ``pk_`` key for an outside courier company; its secret is told this once."""
    return await _written(work, Kind.PROVIDER_KEY, label, frozenset(), expires_wall, provider_id=provider_id)


async def _written(
    work: Work,
    kind: Kind,
    label: str,
    scopes: frozenset[Scope],
    expires_wall: datetime | None,
    merchant_id: UUID | None = None,
    provider_id: UUID | None = None,
) -> NewKey:
    holder = merchant_id or provider_id
    assert holder is not None
    secret = credentials.make(kind)
    row = KeyRow(
        id=work.new_id(),
        merchant_id=merchant_id,
        provider_id=provider_id,
        digest=credentials.digest(secret),
        prefix=credentials.visible_prefix(secret),
        label=label,
        scopes=sorted(scopes),
        created_wall=work.wall(),
        expires_wall=expires_wall,
        revoked_wall=None,
        last_used_wall=None,
    )
    work.session.add(row)
    noun = "merchant" if merchant_id else "provider"
    after = {"holder": public(noun, holder), "label": label, "scopes": sorted(scopes)}
    await audit.record(work, "key.create", public("key", row.id), after=after)
    return NewKey(row.id, secret)


async def revoke_key(work: Work, key_id: UUID) -> None:
    """From this commit on the key lets nobody in. Revoking twice is once. Raises NotFound."""
    revoked = await work.session.execute(
        update(KeyRow)
        .where(KeyRow.id == key_id)
        .values(revoked_wall=func.coalesce(KeyRow.revoked_wall, work.wall()))
        .returning(KeyRow.id)
    )
    if revoked.one_or_none() is None:
        raise NotFound
    await audit.record(work, "key.revoke", public("key", key_id))
