"""What has happened so far, by name: for the log, and for tests that want to see everything happen."""

from collections import Counter


class Tally:
    """Counts."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.counts: Counter[str] = Counter()

    def count(self, what: str) -> None:
        """One more."""
        self.counts[what] += 1
