"""What providers refuse."""

from doorstep.platform.errors import Conflict, Invalid, NotFound, NotSignedIn


class NoDeal(Conflict):
    """No company has a deal that fits this delivery now; ``unfit`` says why."""

    code = "no_deal"
    title = "No courier company can take this delivery"


class CourierUnconfirmed(Conflict):
    """A company that was asked has not said yet that no courier of its is on the way: nobody else is sent."""

    code = "courier_unconfirmed"
    title = "A courier company may have a courier on the way"
    remedy = "Wait for the company's word, or set its job aside by hand once you know from elsewhere."


class NothingUnconfirmed(Conflict):
    """No company's word is awaited for this delivery."""

    code = "nothing_unconfirmed"
    title = "No courier company's word is awaited"


class UnknownProvider(NotFound):
    """No such company."""

    code = "unknown_provider"
    title = "There is no such courier company"


class UnknownDeal(NotFound):
    """No such deal."""

    code = "unknown_deal"
    title = "There is no such deal"


class UnknownJob(NotFound):
    """No such job, or another company's."""

    code = "unknown_provider_job"
    title = "There is no such job"


class SlugTaken(Conflict):
    """Another company goes by that slug."""

    code = "slug_taken"
    title = "This slug is taken"


class BadDeal(Invalid):
    """A deal that could never apply or costs nonsense."""

    code = "bad_deal"
    title = "This deal cannot be meant"


class NotFromThem(NotSignedIn):
    """A webhook without a valid signature, or too old or too new."""

    code = "bad_signature"
    title = "This is not signed by the company it speaks for"
    remedy = "Sign as in the Standard Webhooks spec, with the secret given to you and the present time."


class Replayed(Conflict):
    """A webhook whose id was heard before."""

    code = "webhook_replayed"
    title = "This was heard before and changes nothing"
    remedy = "Nothing needs to be done: do not send it again."
