"""Refusals: what the network will not do, said so that the caller can act (RFC 9457 problem details).

A feature names each of its refusals as a subclass in its ``errors`` module. ``code`` is stable and meant
for machines, ``detail`` tells a person what was wrong, ``remedy`` what to do, ``where`` points at the
offending parts as JSON pointers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a request: ``where`` is a JSON pointer such as ``/dropoff/postcode``."""

    where: str
    what: str


class Refusal(Exception):
    """A request that is understood and declined. Subclasses fix ``code``, ``status``, ``title``, ``remedy``."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was declined"
    remedy: ClassVar[str] = ""

    def __init__(
        self,
        detail: str = "",
        *,
        faults: Sequence[Fault] = (),
        remedy: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """``facts`` are extra members of the problem document, such as the id that already exists."""
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = tuple(faults)
        self.advice = remedy or self.remedy
        self.facts = dict(facts or {})

    def problem(self, request_id: str = "") -> dict[str, Any]:
        """The RFC 9457 document."""
        document: dict[str, Any] = {
            "type": f"https://doorstep.invalid/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.faults:
            document["errors"] = [{"where": f.where, "what": f.what} for f in self.faults]
        if self.advice:
            document["remedy"] = self.advice
        if request_id:
            document["request_id"] = request_id
        return document | self.facts


class NotFound(Refusal):
    """No such thing, or not yours to know of: the two are never told apart."""

    code = "not_found"
    status = 404
    title = "There is no such thing here"


class NotSignedIn(Refusal):
    """No credential, or one that is expired, revoked or meant for other routes."""

    code = "not_signed_in"
    status = 401
    title = "A valid credential is needed"


class NotAllowed(Refusal):
    """The credential is good, the role or scope is not."""

    code = "not_allowed"
    status = 403
    title = "This credential may not do that"


class Invalid(Refusal):
    """The request is well formed and asks for something that cannot be."""

    code = "invalid"
    status = 422
    title = "Something in the request does not fit"


class Conflict(Refusal):
    """The thing has moved on since the caller looked."""

    code = "conflict"
    status = 409
    title = "That is no longer possible"


class TooMany(Refusal):
    """A limit was reached; ``facts['retry_after_s']`` tells how long to wait."""

    code = "too_many"
    status = 429
    title = "Too many requests"
