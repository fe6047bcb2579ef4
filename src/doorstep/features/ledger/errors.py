"""What the ledger will not do."""

from doorstep.platform.errors import Conflict, NotFound, Refusal


class CreditExhausted(Refusal):
    """The merchant's credit or prepaid balance does not cover what is asked; nothing was stored."""

    code = "credit_exhausted"
    status = 402
    title = "The credit is used up"
    remedy = "Pay an open invoice, add to the prepaid balance, or ask for a higher credit limit."


class FactMismatch(Conflict):
    """The fact has been posted before with other entries; neither was changed."""

    code = "fact_mismatch"
    title = "This fact was posted before with other amounts"
    remedy = "Reverse the earlier transaction and post the new amounts as a fact of their own."


class UnknownFact(NotFound):
    """No transaction was caused by this fact."""

    code = "unknown_fact"
    title = "No transaction was caused by this fact"


class AlreadyClosed(Conflict):
    """The reserve was settled or voided before, by something else."""

    code = "already_closed"
    title = "The reserve is closed"


class NotReversible(Conflict):
    """Only a posted transaction that is no reversal can be reversed; a reserve is voided."""

    code = "not_reversible"
    title = "This transaction cannot be reversed"
