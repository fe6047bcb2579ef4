"""What payouts refuse."""

from doorstep.platform.errors import Conflict


class TermsMissing(Conflict):
    """A driver finished a delivery for which no accepted terms are on record: nothing can be paid by them."""

    code = "terms_missing"
    title = "There are no accepted terms for this work"


class TermsAltered(Conflict):
    """The stored terms no longer have the hash under which they were shown: nothing is paid until looked into."""

    code = "terms_altered"
    title = "The frozen terms have been altered"
