"""All that happened to one delivery, from every feature that knows something of it, in one list."""

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sqlalchemy import select

from doorstep.features.console.rules import EntryKind, Line, merged
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import Delivery, DeliveryEvent, Expected, Proof, expected
from doorstep.features.dispatch import queries as dispatch
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import Driver
from doorstep.features.identity import queries as identity
from doorstep.features.ledger import queries as ledger
from doorstep.features.ledger.rules import EntryView
from doorstep.features.notifications import queries as notifications
from doorstep.features.notifications.rules import Notification
from doorstep.features.offers import queries as offers
from doorstep.features.offers.rules import Offer, document
from doorstep.features.providers import queries as providers
from doorstep.features.providers.rules import ProviderJob
from doorstep.features.webhooks import queries as webhooks
from doorstep.features.webhooks.rules import Message
from doorstep.platform.audit import AuditRow
from doorstep.platform.db.work import Work
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant

MOST_MESSAGES = 200


@dataclass(frozen=True, slots=True)
class Whole:
    """One delivery with everything that is known of it."""

    delivery: Delivery
    expected: Expected | None
    people: list[Driver]
    names: dict[str, str]
    """Of staff who acted by hand, by the labels that stand in the lines."""
    lines: list[Line]


async def whole(work: Work, delivery_id: UUID) -> Whole:
    """The delivery and its merged timeline. For staff. Raises UnknownDelivery."""
    delivery = await deliveries.delivery(work, delivery_id)
    events = await deliveries.timeline(work, delivery_id)
    messages = await webhooks.messages(
        work, delivery.merchant_id, limit=MOST_MESSAGES, delivery_id=delivery_id
    )
    shown = await offers.offers_of(work, delivery_id)
    by_hand = await audit_of(work, public("delivery", delivery_id))
    people = {driver_id for offer in shown for driver_id in offer.driver_ids}
    if delivery.carrier is not None and delivery.carrier.driver_id is not None:
        people.add(delivery.carrier.driver_id)
    lines = [
        *_moves(events),
        *_offers(shown),
        *[
            Line(
                at=MarketInstant(reason.at),
                kind=EntryKind.REASON,
                seq=number,
                what=reason.kind,
                who="dispatch",
                facts={"sentence": reason.sentence, **reason.facts},
            )
            for number, reason in enumerate(await dispatch.reasons(work, delivery_id))
        ],
        *_proofs(await deliveries.proofs(work, delivery_id)),
        *_money(await ledger.entries_of_delivery(work, delivery_id)),
        *_jobs(await providers.jobs_of(work, delivery_id)),
        *_messages(messages, events, delivery),
        *_texts(await notifications.of_delivery(work, delivery_id)),
        *_overrides(by_hand),
    ]
    return Whole(
        delivery=delivery,
        expected=expected(delivery, work.now()),
        people=list((await drivers.many(work, sorted(people))).values()),
        names=await identity.names_of(work, {row.actor for row in by_hand}),
        lines=merged(lines),
    )


async def audit_of(work: Work, subject: str) -> list[AuditRow]:
    """What was done by hand to ``subject``, oldest first."""
    rows = await work.session.scalars(
        select(AuditRow).where(AuditRow.subject == subject).order_by(AuditRow.id).limit(MOST_MESSAGES)
    )
    return list(rows)


def _overrides(found: list[AuditRow]) -> list[Line]:
    return [
        Line(
            at=MarketInstant(row.at),
            kind=EntryKind.OVERRIDE,
            seq=row.id,
            what=row.act,
            who=row.actor,
            facts={"reason": row.reason, "before": row.before, "after": row.after},
        )
        for row in found
    ]


def _moves(events: list[DeliveryEvent]) -> list[Line]:
    return [
        Line(
            at=event.at,
            kind=EntryKind.EVENT,
            seq=event.seq,
            what=event.name,
            who=event.actor,
            facts={
                "seq": event.seq,
                "before": event.state_before,
                "after": event.state_after,
                "device_at": event.device_at,
                **event.body,
            },
        )
        for event in events
    ]


def _offers(found: list[Offer]) -> list[Line]:
    lines = []
    for number, offer in enumerate(found):
        told = {
            "offer": public("offer", offer.id),
            "drivers": [public("driver", driver_id) for driver_id in offer.driver_ids],
            "terms": document(offer.terms),
            "terms_hash": offer.terms_hash,
            "expires_at": offer.expires_at,
        }
        lines.append(
            Line(
                at=offer.shown_at,
                kind=EntryKind.OFFER,
                seq=number,
                what=f"offer.{offer.mode}",
                who="dispatch",
                facts=told,
            )
        )
        if offer.closed_at is not None:
            by = public("driver", offer.accepted_by) if offer.accepted_by else None
            lines.append(
                Line(
                    at=offer.closed_at,
                    kind=EntryKind.OFFER_CLOSED,
                    seq=number,
                    what=f"offer.{offer.state}",
                    who=f"driver:{by}" if by else "dispatch",
                    facts={"offer": told["offer"], "accepted_by": by, "why": offer.why},
                )
            )
    return lines


def _proofs(found: list[Proof]) -> list[Line]:
    return [
        Line(
            at=proof.at,
            kind=EntryKind.PROOF,
            seq=number,
            what=f"proof.{proof.kind}",
            who="",
            facts={"proof": public("proof", proof.id), "ok": proof.ok, **proof.result},
        )
        for number, proof in enumerate(found)
    ]


def _money(entries: list[EntryView]) -> list[Line]:
    lines = []
    for number, (_key, group) in enumerate(groupby(entries, key=lambda entry: entry.transaction_id)):
        rows = list(group)
        first = rows[0]
        lines.append(
            Line(
                at=first.at,
                kind=EntryKind.MONEY,
                seq=number,
                what=f"ledger.{first.kind}",
                who="",
                facts={
                    "transaction": public("entry", first.transaction_id),
                    "fact": first.fact,
                    "state": first.state,
                    "memo": first.memo,
                    "entries": [
                        {
                            "account": row.account,
                            "amount_minor": row.amount.minor,
                            "currency": row.amount.currency,
                        }
                        for row in rows
                    ],
                },
            )
        )
    return lines


def _jobs(found: list[ProviderJob]) -> list[Line]:
    lines = []
    for number, job in enumerate(found):
        told = {
            "job": public("provider_job", job.id),
            "provider": public("provider", job.provider_id),
            "state": job.state,
            "why": job.why,
            "fee_minor": job.fee.minor,
            "refusal": job.refusal,
        }
        steps = (
            ("provider.asked", job.asked_at),
            ("provider.booked", job.booked_at),
            ("provider.ended", job.ended_at),
        )
        lines += [
            Line(at=at, kind=EntryKind.PROVIDER, seq=number, what=what, who="", facts=told)
            for what, at in steps
            if at is not None
        ]
    return lines


def _texts(found: list[Notification]) -> list[Line]:
    """What the shopper was told; its link opens her page, so it stays out."""
    return [
        Line(
            at=one.made_at,
            kind=EntryKind.MESSAGE,
            seq=number,
            what=f"message.{one.moment}",
            who="",
            facts={
                "state": one.state,
                "text": one.text.partition("http")[0].rstrip(),
                "phone_end": one.phone_end,
                "why": one.why,
                "attempts": one.attempts,
                "sent_wall": one.sent_wall,
            },
        )
        for number, one in enumerate(found)
    ]


def _messages(messages: list[Message], events: list[DeliveryEvent], delivery: Delivery) -> list[Line]:
    """Each message at the business time of the event it tells; its attempts with their real times."""
    at_seq = {event.seq: event.at for event in events}
    return [
        Line(
            at=at_seq.get(message.seq, delivery.created_at),
            kind=EntryKind.WEBHOOK,
            seq=message.seq,
            what=f"webhook.{message.state}",
            who="",
            facts={
                "type": message.type,
                "endpoint": public("endpoint", message.endpoint_id),
                "attempts": [
                    {
                        "number": attempt.number,
                        "at_wall": attempt.at_wall,
                        "status": attempt.status,
                        "latency_ms": attempt.latency_ms,
                        "error": attempt.error,
                    }
                    for attempt in message.attempts
                ],
            },
        )
        for message in messages
    ]
