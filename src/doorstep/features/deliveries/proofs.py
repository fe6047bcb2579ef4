"""Taking proofs: pictures, the shopper's code, a look at a paper, a scan."""

import asyncio
import hmac
import re
import secrets as chance
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from doorstep.features.deliveries.errors import PinLocked, ProofUnreadable, UnknownDelivery
from doorstep.features.deliveries.models import DeliveryRow, ProofRow
from doorstep.features.deliveries.pictures import redrawn
from doorstep.features.deliveries.queries import row_of
from doorstep.features.deliveries.rules import FINAL, PIN_TRIES, Proof, ProofKind
from doorstep.platform.auth.actors import Audience
from doorstep.platform.blobs import Blobs
from doorstep.platform.db.work import Work
from doorstep.platform.errors import Fault, Invalid
from doorstep.platform.secrets import Secrets
from doorstep.units.geo import LatLng
from doorstep.units.time import MarketInstant

_LAST_4 = re.compile(r"[A-Za-z0-9]{4}")


def fresh_pin() -> str:
    """Four digits nobody can guess from others."""
    return f"{chance.randbelow(10_000):04d}"


@dataclass(frozen=True, slots=True)
class PaperSeen:
    """What is kept of a look at an identity paper: its kind, whether it is of age, at most its last four signs."""

    paper: str  # driver_license, passport, state_id, other
    of_age: bool
    expired: bool = False
    last_4: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTaken:
    """A proof as it comes in. ``report_id`` is the reporter's own: the same one is one proof.

    ``content`` goes with photo and signature, ``text`` with PIN and scan, ``paper`` with an ID check,
    ``signer`` with a signature.
    """

    kind: ProofKind
    report_id: str
    content: bytes = b""
    text: str = ""
    paper: PaperSeen | None = None
    signer: str = ""
    device_at: MarketInstant | None = None
    point: LatLng | None = None


def _seen(row: ProofRow) -> Proof:
    return Proof(
        id=row.id, kind=ProofKind(row.kind), ok=row.ok, at=MarketInstant(row.at), result=dict(row.result)
    )


async def add_proof(
    work: Work, blobs: Blobs, secrets: Secrets, delivery_id: UUID, taken: ProofTaken
) -> Proof:
    """Keep a proof. A wrong PIN is a proof that is not ok, with ``tries_left`` in its result.

    Pictures are drawn anew and lie in ``blobs`` before the row is written. Raises UnknownDelivery for who does
    not carry it, ProofUnreadable, PinLocked after five wrong codes, Invalid for a proof without its content.
    """
    proof_id = uuid5(delivery_id, f"{taken.kind}:{taken.report_id}")
    _refuse_strangers(work, await row_of(work, delivery_id))
    known = await work.session.get(ProofRow, proof_id)
    if known is not None:
        return _seen(known)
    result: dict[str, Any] = {}
    blob_key = media_type = ""
    if taken.kind in {ProofKind.PHOTO, ProofKind.SIGNATURE}:
        picture = await asyncio.to_thread(redrawn, taken.content, taken.kind)
        blob_key, media_type = f"proofs/{delivery_id}/{proof_id}.{picture.suffix}", picture.media_type
        await blobs.put(blob_key, picture.content)
    row = await row_of(work, delivery_id, lock=True)
    known = await work.session.get(ProofRow, proof_id, populate_existing=True)
    if known is not None:  # its twin was faster
        return _seen(known)
    ok = True
    if taken.kind is ProofKind.PIN:
        ok, result = _pin(row, secrets, taken.text)
    elif taken.kind is ProofKind.ID_CHECK:
        ok, result = _paper(row, taken.paper)
    elif taken.kind is ProofKind.SCAN:
        result = {"text": _required(taken.text, "/text")}
    elif taken.signer:
        result = {"signer": taken.signer}
    if taken.point is not None:
        result["point"] = {"lat": round(taken.point.lat, 5), "lng": round(taken.point.lng, 5)}
    proof = ProofRow(
        id=proof_id,
        delivery_id=delivery_id,
        kind=taken.kind,
        ok=ok,
        at=work.now(),
        device_at=taken.device_at,
        blob_key=blob_key,
        media_type=media_type,
        result=result,
    )
    work.session.add(proof)
    work.wake(f"delivery:{delivery_id}")
    await work.flush()
    return _seen(proof)


async def waive_proof(work: Work, delivery_id: UUID, kind: ProofKind, why: str) -> Proof:
    """Staff take it upon themselves that a proof was not needed; stands on record as such, with the reason."""
    if work.actor.audience not in {Audience.STAFF, Audience.SYSTEM}:
        raise UnknownDelivery
    row = await row_of(work, delivery_id, lock=True)
    if kind is ProofKind.PIN:
        row.pin_failures = 0
    proof = ProofRow(
        id=work.new_id(),
        delivery_id=delivery_id,
        kind=kind,
        ok=True,
        at=work.now(),
        blob_key="",
        media_type="",
        result={"waived_by": work.actor.label or str(work.actor.audience), "why": why},
    )
    work.session.add(proof)
    await work.flush()
    return _seen(proof)


def _refuse_strangers(work: Work, row: DeliveryRow) -> None:
    """A driver or courier company proves something only about what it carries."""
    strangers = work.actor.audience in {Audience.DRIVER, Audience.PROVIDER}
    if strangers and work.actor.subject not in {row.driver_id, row.provider_id}:
        raise UnknownDelivery


def _pin(row: DeliveryRow, secrets: Secrets, told: str) -> tuple[bool, dict[str, Any]]:
    if row.pin_sealed is None:
        raise Invalid("this delivery has no code", faults=[Fault("/text", "not asked for")])
    if row.pin_failures >= PIN_TRIES and row.state not in FINAL:
        raise PinLocked
    if hmac.compare_digest(secrets.unseal(row.pin_sealed), told.encode()):
        return True, {}
    row.pin_failures += 1
    return False, {"tries_left": PIN_TRIES - row.pin_failures}


def _paper(row: DeliveryRow, seen: PaperSeen | None) -> tuple[bool, dict[str, Any]]:
    if seen is None:
        raise Invalid("an ID check says what was seen", faults=[Fault("/paper", "missing")])
    if seen.last_4 and not _LAST_4.fullmatch(seen.last_4):
        raise Invalid(
            "at most the last four signs are kept", faults=[Fault("/paper/last_4", "not four signs")]
        )
    min_age = int(row.requirements["min_age"])
    result = {"paper": seen.paper, "of_age": seen.of_age, "expired": seen.expired, "min_age": min_age}
    if seen.last_4:
        result["last_4"] = seen.last_4
    return seen.of_age and not seen.expired, result


def _required(text: str, where: str) -> str:
    if not text:
        raise ProofUnreadable("a scan says what was read", faults=[Fault(where, "missing")])
    return text
