"""What has happened so far, by name: for the log, and for tests that want to see everything happen."""

from collections import Counter

FAILURES = (
    *("declined", "left_to_expire", "late", "signal_lost", "given_back", "attempt_failed", "returned"),
    *("cancel_early", "cancel_late", "amend", "later_ready", "raise_tip"),
    *("webhook_failed", "webhook_slow"),
    *("courier_company_refuses", "courier_company_loses_couriers", "courier_company_does_not_answer"),
    *("courier_company_lies", "courier_company_nobody_opens"),
)
"""What goes wrong in a demo, or is wished otherwise; each happens within ten real minutes."""


class Tally:
    """Counts."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.counts: Counter[str] = Counter()

    def count(self, what: str) -> None:
        """One more."""
        self.counts[what] += 1
