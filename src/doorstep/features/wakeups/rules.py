"""What a ring says, to whom, and what its answer means. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """In which the phone speaks."""

    EN = "en"  # English
    ES = "es"  # Spanish


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """``endpoint``: the push service's address for this phone; the keys are base64url, as the browser tells them."""

    endpoint: str
    p256dh: str
    auth: str
    language: Language


class Outcome(StrEnum):
    """What a push service made of a ring."""

    TAKEN = "taken"  # it will hand it over, or keep it while it counts
    GONE = "gone"  # the phone has no such subscription any more
    LATER = "later"  # busy, or not reached: worth another try
    REFUSED = "refused"  # it does not like what we send


def outcome(status: int | None) -> Outcome:
    """What the answer means (RFC 8030, 5 and 7.3); None when there was none."""
    if status is None or status == 429 or status >= 500:
        return Outcome.LATER
    if status in {404, 410}:
        return Outcome.GONE
    return Outcome.TAKEN if 200 <= status < 300 else Outcome.REFUSED


LEAST_S = 3
"""With less real time left a ring would come too late to be answered."""
MOST_TTL_S = 600


def ttl_s(left_s: float) -> int | None:
    """How many real seconds a service may keep a ring for an offer that is open so long; None: not worth one."""
    return None if left_s < LEAST_S else int(min(left_s, MOST_TTL_S))


def says(offer: str, until: str, zone: str, language: Language) -> dict[str, str]:
    """What the phone learns: which offer waits and until when, in which zone. For whom and where, when she looks."""
    return {"kind": "offer", "offer": offer, "until": until, "zone": zone, "lang": language.value}
