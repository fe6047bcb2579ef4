"""What quotes refuse."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownQuote(NotFound):
    """No such quote, or not yours to know of."""

    code = "unknown_quote"
    title = "There is no such quote"


class QuoteExpired(Conflict):
    """The quote was honoured until ``facts['expired_at']``."""

    code = "quote_expired"
    title = "This quote has expired"
    remedy = "Ask for a new quote, or create the delivery without one."


class QuoteUsed(Conflict):
    """A delivery was made with this quote already."""

    code = "quote_used"
    title = "This quote was used before"
    remedy = "Ask for a new quote."


class QuoteMismatch(Conflict):
    """The quote is for other details."""

    code = "quote_mismatch"
    title = "This quote is for another delivery"
    remedy = "Repeat store, address, level, window, readiness, cart and requirements exactly, or ask for a new quote."


class NotEligible(Invalid):
    """It cannot be promised: ``facts['reasons']`` say why, ``facts['alternative']`` what could be."""

    code = "not_eligible"
    title = "This delivery cannot be promised"


class MalformedWindow(Invalid):
    """A window that ends before it starts, or lies outside the calendar."""

    code = "malformed_window"
    title = "This span of time cannot be"
