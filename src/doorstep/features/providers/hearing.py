"""Taking in a company's webhook: who speaks, is it new, which job is it about; and then ask for ourselves."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from doorstep.connectors.outside import Connectors
from doorstep.features.providers.errors import NotFromThem, Replayed
from doorstep.features.providers.messages import Refresh
from doorstep.features.providers.models import HeardRow, JobRow, ProviderRow
from doorstep.features.providers.rules import OPEN
from doorstep.features.providers.signatures import verified_id
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.db.work import Work
from doorstep.units.ids import public


async def hear(work: Work, connectors: Connectors, slug: str, headers: Mapping[str, str], body: str) -> None:
    """Verify a webhook, count it once, and have the job it is about looked up. ``work`` is the gate's.

    An unknown company is refused like a bad signature. Raises NotFromThem, Replayed.
    """
    row = await work.session.scalar(select(ProviderRow).where(ProviderRow.slug == slug))
    courier = connectors.couriers.get(slug)
    if row is None or courier is None:
        raise NotFromThem
    secret = connectors.secrets.unseal(row.webhook_secret_sealed).decode()
    event_id = verified_id(secret, headers, body, work.wall())
    await work.become(
        Actor(Audience.PROVIDER, subject=row.id, label=f"provider:{public('provider', row.id)}")
    )
    reference = courier.reference_in(body)
    added = await work.session.execute(
        insert(HeardRow)
        .values(provider_id=row.id, event_id=event_id, heard_wall=work.wall(), reference=reference or "")
        .on_conflict_do_nothing()
        .returning(HeardRow.event_id)
    )
    if added.one_or_none() is None:
        raise Replayed(facts={"webhook_id": event_id})
    job = await work.session.scalar(
        select(JobRow).where(JobRow.reference == reference, JobRow.provider_id == row.id)
    )
    if job is not None and job.state in OPEN:
        work.schedule(
            "providers.refresh", Refresh(job.id), key=f"{row.id}:{event_id}", market_id=job.market_id
        )
