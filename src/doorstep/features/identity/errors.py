"""What identity refuses."""

from doorstep.platform.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, TooMany


class WrongSignIn(NotSignedIn):
    """E-mail and password do not go together; which of the two is wrong is not told."""

    code = "wrong_sign_in"
    title = "This e-mail and password do not go together"


class TotpNeeded(NotSignedIn):
    """The password was right; the account also demands its second factor."""

    code = "totp_needed"
    title = "This account also needs the code of its authenticator"
    remedy = "Send the same request again with `totp`."


class WrongTotp(NotSignedIn):
    """The second factor's code is wrong, too old, or was used before."""

    code = "wrong_totp"
    title = "This authenticator code is wrong or was used before"
    remedy = "Wait for the next code."


class WrongCode(NotSignedIn):
    """The sign-in code is wrong, too old, used, or was tried too often."""

    code = "wrong_code"
    title = "This sign-in code does not let you in"
    remedy = "Ask for a new code if this one is older than five minutes or was tried five times."


class LinkSpent(NotSignedIn):
    """The one-time link was used, replaced by a newer one, or is too old."""

    code = "link_spent"
    title = "This link lets nobody in any more"
    remedy = "Ask for a new one; for the first owner: `doorstep owner-link`."


class ForgeryRefused(NotAllowed):
    """A change asked for by cookie, without the proof that our own page asked."""

    code = "forgery_refused"
    title = "This request does not come from our own page"
    remedy = "Send `X-Doorstep-Csrf: 1` from a page of this host, or a token in `Authorization`."


class ScopeTooWide(NotAllowed):
    """A key may not be given more than its maker may do."""

    code = "scope_too_wide"
    title = "A key cannot be given scopes that its maker has not"


class EmailTaken(Conflict):
    """Somebody has this e-mail already."""

    code = "email_taken"
    title = "Somebody with this e-mail is here already"


class PhoneTaken(Conflict):
    """Another driver signs in with this phone."""

    code = "phone_taken"
    title = "Another driver signs in with this phone"


class TooManyKeys(Conflict):
    """The holder has as many keys alive as are allowed."""

    code = "too_many_keys"
    title = "There are too many keys"
    remedy = "Revoke those that nobody uses."


class TooManyUsers(Conflict):
    """A merchant has as many people as it may have."""

    code = "too_many_users"
    title = "So many people are not allowed"
    remedy = "Shut somebody out who has left."


class LastOwner(Conflict):
    """A network without an owner could never be changed again."""

    code = "last_owner"
    title = "This is the last owner"
    remedy = "Make somebody else an owner first."


class TotpStands(Conflict):
    """A second factor is enrolled already, or none was begun."""

    code = "totp_stands"
    title = "The second factor cannot be changed like this"


class TooManyTries(TooMany):
    """Too many sign-ins or codes from one place or for one account."""

    code = "too_many_tries"
    title = "Too many tries"
    remedy = "Wait as long as Retry-After says."


class NoDemoEntry(NotFound):
    """One-click entry is for demo networks on this machine."""

    code = "no_demo_entry"
    title = "There is no such entry here"


class NoPhone(Invalid):
    """Not a phone number anybody could have."""

    code = "no_phone"
    title = "This is no phone number"
