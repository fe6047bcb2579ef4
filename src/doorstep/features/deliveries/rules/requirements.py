"""What goods and hand-over ask for, and which proofs show that it was done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from doorstep.features.quotes.requirements import in_person, prohibited
from doorstep.units.time import MarketInstant

AGES = frozenset({0, 18, 21})
_AGES = frozenset({"age_18", "age_21"})
PIN_TRIES = 5
"""Wrong codes after which only staff can go on."""


class ReturnPolicy(StrEnum):
    """What happens to goods that could not be handed over."""

    RETURN = "return"  # back to the store, paid
    LEAVE = "leave"  # at the door, with a photo
    DISCARD = "discard"  # the driver may dispose of them


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the goods and the hand-over ask for."""

    min_age: int = 0  # 0, 18 or 21: an ID check at the door
    alcohol: bool = False
    cold: bool = False  # chilled or frozen: the cold clock runs from pickup
    fragile: bool = False
    heavy: bool = False
    high_value: bool = False
    signature: bool = False
    pin: bool = False  # a four-digit code the shopper tells the driver
    photo: bool = False
    contactless: bool = False  # left at the door

    def names(self) -> frozenset[str]:
        """The flags that are set, as words; the age as ``age_21``."""
        set_ = {name for name in _FLAGS if getattr(self, name)}
        return frozenset(set_ | ({f"age_{self.min_age}"} if self.min_age else set()))


_FLAGS = (
    "alcohol", "cold", "fragile", "heavy", "high_value", "signature", "pin", "photo", "contactless",
)  # fmt: skip


def contradictions(wanted: Requirements, policy: ReturnPolicy = ReturnPolicy.RETURN) -> list[tuple[str, str]]:
    """Pairs of (flag, why it cannot be) that no driver could fulfil; empty when all fits.

    What flags exclude each other is said by quotes' ``prohibited``, so that what is quoted can be ordered.
    """
    names = wanted.names()
    found = [("min_age" if name in _AGES else name, why) for name, why in prohibited(names)]
    if wanted.min_age not in AGES:
        found.append(("min_age", "an age check is for 18 or 21"))
    to_a_person = ["min_age" if name in _AGES else name for name in in_person(names)]
    if to_a_person and policy is ReturnPolicy.LEAVE:
        found.append(("return_policy", f"goods that need {to_a_person[0]} cannot be left at the door"))
    if wanted.min_age and policy is ReturnPolicy.DISCARD:
        found.append(("return_policy", "goods with an age limit go back to the store"))
    return found


class ProofKind(StrEnum):
    """What proves a hand-over."""

    PHOTO = "photo"  # a picture of the goods at the door
    SIGNATURE = "signature"  # drawn on the driver's screen
    PIN = "pin"  # the shopper's code
    ID_CHECK = "id_check"  # a look at a paper: of age or not, nothing more is kept
    SCAN = "scan"  # a barcode on the goods


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that was taken. ``ok`` is false for a wrong PIN or a failed ID check."""

    id: UUID
    kind: ProofKind
    ok: bool
    at: MarketInstant
    result: Mapping[str, object] = field(default_factory=dict)


def owed_proofs(wanted: Requirements, *, left: bool = False) -> frozenset[ProofKind]:
    """Which proofs a hand-over needs. ``left``: the goods were left after nobody had opened."""
    owed = {
        ProofKind.PIN: wanted.pin,
        ProofKind.SIGNATURE: wanted.signature,
        ProofKind.ID_CHECK: wanted.min_age > 0,
        ProofKind.PHOTO: wanted.photo or wanted.contactless or left,
    }
    return frozenset(kind for kind, needed in owed.items() if needed)


def proof_satisfies(wanted: Requirements, proof: Proof) -> bool:
    """Whether ``proof`` settles one of the things a hand-over of ``wanted`` owes.

    An ID check settles only when it was for the age that is wanted, or a higher one.
    """
    if not proof.ok or proof.kind not in owed_proofs(wanted, left=True):
        return False
    if proof.kind is ProofKind.ID_CHECK:
        checked = proof.result.get("min_age", 0)
        return "waived_by" in proof.result or (isinstance(checked, int) and checked >= wanted.min_age)
    return True


def missing_proofs(
    wanted: Requirements,
    taken: Sequence[Proof],
    *,
    attested: Iterable[ProofKind] = (),
    left: bool = False,
) -> list[ProofKind]:
    """Proofs still owed before the goods may be handed over, in a fixed order; empty when all is there.

    ``attested`` are those an outside courier company vouches for and keeps itself.
    """
    have = {proof.kind for proof in taken if proof_satisfies(wanted, proof)} | set(attested)
    return sorted(owed_proofs(wanted, left=left) - have)
