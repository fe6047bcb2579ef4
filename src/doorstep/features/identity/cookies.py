"""Session cookies of browsers, and whether a request comes from our own pages.

Over https the cookie is named ``__Host-doorstep-<audience>`` (RFC 6265bis: Secure, whole host, no domain);
over plain http, which only loopback and a public demo speak, it loses the prefix. Always HttpOnly and
SameSite=Lax.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from doorstep.features.identity.errors import ForgeryRefused
from doorstep.platform.auth.actors import Audience
from doorstep.platform.settings import Settings

CSRF_HEADER = "x-doorstep-csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


VISIT = "visit"
"""The cookie of a visitor of the demo, beside those of the audiences."""


HERE = "doorstep-{audience}-here"
"""A second cookie that a page can read: whether there is a session to ask about. It holds nothing and opens nothing."""


def cookie_name(request: Request, audience: Audience | str) -> str | None:
    """The cookie's name on this connection; None where a cookie would travel in the clear."""
    if request.url.scheme == "https":
        return f"__Host-doorstep-{audience}"
    settings = _settings(request)
    return f"doorstep-{audience}" if settings.on_loopback or settings.public_demo else None


def set_cookie(
    request: Request,
    response: Response,
    audience: Audience | str,
    token: str,
    lasts: timedelta | None = None,
) -> None:
    """Let the browser keep ``token`` until it closes, or as long as it ``lasts``.

    The server ends the session when its time is over, whatever the browser keeps.
    """
    name = cookie_name(request, audience)
    if name is not None:
        secure = name.startswith("__Host-")
        age_s = None if lasts is None else int(lasts.total_seconds())
        response.set_cookie(
            name, token, max_age=age_s, path="/", secure=secure, httponly=True, samesite="lax"
        )
        response.set_cookie(
            HERE.format(audience=audience), "1", max_age=age_s, path="/", secure=secure, samesite="lax"
        )


def drop_cookie(request: Request, response: Response, audience: Audience | str) -> None:
    """Let the browser forget the session."""
    name = cookie_name(request, audience)
    if name is not None:
        secure = name.startswith("__Host-")
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
        response.delete_cookie(HERE.format(audience=audience), path="/", secure=secure, samesite="lax")


def from_own_page(request: Request) -> bool:
    """Whether a page of this very host sent the request.

    The Origin must be our own. A form on a page without referrer sends ``null`` instead; then the browser's
    own Sec-Fetch-Site, which no page can set, decides.
    """
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return request.headers.get("sec-fetch-site") == "same-origin"
    return origin == own


def known_host(request: Request) -> bool:
    """Whether the host the browser asked for is ours: a foreign name pointed at us (DNS rebinding) is not."""
    settings = _settings(request)
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if settings.on_loopback and not settings.public_demo:
        return host in _LOOPBACK
    return not settings.public_url or host == urlsplit(settings.public_url).hostname


def demand_own_page(request: Request) -> None:
    """Go on with a change asked for by cookie only when our own page asked. Raises ForgeryRefused."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get(CSRF_HEADER) != "1" or not from_own_page(request):
        raise ForgeryRefused
