"""What deliveries refuse."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownDelivery(NotFound):
    """No such delivery, or another's."""

    code = "unknown_delivery"
    title = "There is no such delivery"


class ExternalIdTaken(Conflict):
    """A live delivery of this merchant carries the same external id; ``delivery_id`` names it."""

    code = "duplicate_external_id"
    title = "A delivery with this external_id is under way"
    remedy = "Read the delivery named in `delivery_id`, or use another external_id."


class Contradiction(Invalid):
    """Requirements that exclude each other."""

    code = "contradictory_requirements"
    title = "These requirements exclude each other"


class CannotFollow(Conflict):
    """The reported fact cannot follow from where the delivery is."""

    code = "cannot_follow"
    title = "That cannot have happened from here"


class AlreadyTaken(Conflict):
    """Another carrier has it, or it is over."""

    code = "already_taken"
    title = "Somebody else has this delivery now"


class Frozen(Conflict):
    """A part that can no longer be changed."""

    code = "frozen"
    title = "That can no longer be changed"


class Repriced(Conflict):
    """The change would cost another fee: ``fee_minor`` was agreed, ``would_be_minor`` is what it would be."""

    code = "repriced"
    title = "That would cost another fee"
    remedy = "Cancel this delivery and make a new one."


class NotCancellable(Conflict):
    """The goods are with the driver: it can only be returned now."""

    code = "not_cancellable"
    title = "It is too late to cancel"
    remedy = "The goods are on their way. Ask support for a return."


class TipRefused(Conflict):
    """The tip cannot become that."""

    code = "tip_refused"
    title = "The tip cannot be changed so"


class ProofMissing(Invalid):
    """The hand-over needs a proof that has not been taken; ``missing`` lists them."""

    code = "proof_missing"
    title = "A proof is still missing"
    remedy = "Take the proofs listed in `missing`, then report again."


class ProofUnreadable(Invalid):
    """The picture is too large, of another kind, or broken."""

    code = "proof_unreadable"
    title = "This picture cannot be used"


class PinLocked(Conflict):
    """Too many wrong codes; staff must look at it."""

    code = "pin_locked"
    title = "Too many wrong codes"
    remedy = "Call support: they can let the hand-over go on without the code, or have the goods returned."
