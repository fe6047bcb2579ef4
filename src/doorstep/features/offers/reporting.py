"""What a driver reports from the road: late, doubled, in any order, and each counts once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.rules import DeliveryState, Fact, FactKind, Proof
from doorstep.features.deliveries.service import ProofTaken
from doorstep.features.offers.errors import NotOnTrip, UnknownTrip
from doorstep.features.offers.models import OfferRow, TripRow
from doorstep.features.offers.rules import (
    Trip,
)
from doorstep.features.offers.trips import settle_trip
from doorstep.platform.blobs import Blobs
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Refusal
from doorstep.platform.secrets import Secrets
from doorstep.units.time import MarketInstant


@dataclass(frozen=True, slots=True)
class Contact:
    """The driver tried to reach the shopper."""

    how: str
    device_at: MarketInstant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One report from the road about one delivery: proofs, a fact, or both (proofs are taken first); or a contact."""

    report_id: str
    delivery_id: UUID
    fact: Fact | None
    proofs: tuple[ProofTaken, ...] = ()
    contact: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of one report about one delivery."""

    report_id: str
    delivery_id: UUID
    state: DeliveryState | None  # where the delivery stands after it; None when it was refused
    proofs: tuple[Proof, ...]
    refusal: Refusal | None  # why it does not count; None when it counts or was known already


async def report(
    work: Work, blobs: Blobs, secrets: Secrets, trip_id: UUID, reports: Sequence[Reported]
) -> tuple[Trip, list[Heard]]:
    """Take in what a driver reports from the road, in any order; each report counts once per delivery.

    A report that cannot count is told with its refusal and keeps no other from counting. What was heard is
    told in the order given. Raises UnknownTrip.
    """
    trip = await work.session.get(TripRow, trip_id)
    if trip is None:
        raise UnknownTrip
    on_it = await _ever_on(work, trip)
    heard: dict[int, Heard] = {}
    # By delivery, in the one order of locks that everybody uses; within one by the phone's time.
    for number, one in sorted(
        enumerate(reports), key=lambda pair: (str(pair[1].delivery_id), _told_at(pair[1]))
    ):
        state: DeliveryState | None = None
        refusal: Refusal | None = None
        taken: list[Proof] = []
        try:
            if one.delivery_id not in on_it:
                raise NotOnTrip
            for proof in one.proofs:
                taken.append(await deliveries_service.add_proof(work, blobs, secrets, one.delivery_id, proof))  # noqa: PERF401 (one after the other: each writes)
            if one.contact is not None:
                await deliveries_service.contact_tried(
                    work, one.delivery_id, one.report_id, one.contact.how, one.contact.device_at
                )
            if one.fact is not None:
                state = (await deliveries_service.report(work, one.delivery_id, one.fact)).state
            else:
                state = (await deliveries.delivery(work, one.delivery_id)).state
        except Refusal as error:
            refusal = error
        heard[number] = Heard(
            report_id=one.report_id,
            delivery_id=one.delivery_id,
            state=state,
            proofs=tuple(taken),
            refusal=refusal,
        )
    return await settle_trip(work, trip_id), [heard[number] for number in range(len(reports))]


def _told_at(one: Reported) -> tuple[float, int]:
    """By the phone's time; within one instant in the order of the road. Proofs and contacts alone come first."""
    fact = one.fact
    if fact is None:
        return (0.0, -1)
    at = float("inf") if fact.device_at is None else fact.device_at.timestamp()
    return (at, list(FactKind).index(fact.kind))


async def _ever_on(work: Work, trip: TripRow) -> set[UUID]:
    """Every delivery that an accepted offer put on the trip, those that left it included."""
    offer = await work.session.get(OfferRow, trip.offer_id)
    assert offer is not None
    return {*offer.delivery_ids, *(UUID(one) for one in trip.joined)}
