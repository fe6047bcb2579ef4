"""The front page, as text. Everything that was not written here is escaped."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from doorstep import __version__
from doorstep.features.console.rules import Figures
from doorstep.features.identity.rules import DemoRole
from doorstep.features.visits.rules import PAGES
from doorstep.units.ids import public
from doorstep.units.money import Money

_HERE = Path(__file__).parent
_MEDIA = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the pages load."""

    body: bytes
    media_type: str
    etag: str


def _assets() -> dict[str, Asset]:
    found = {}
    for path in sorted((_HERE / "static").iterdir()):
        if path.suffix in _MEDIA:
            body = path.read_bytes()
            found[path.name] = Asset(body, _MEDIA[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:20]}"')
    return found


ASSETS = _assets()
_STREET = (_HERE / "street.svg").read_text()
_PAGE = Template((_HERE / "page.html").read_text())
_FRONT = Template((_HERE / "front.html").read_text())
_ARROW = '<svg class="ic" aria-hidden="true"><use href="#i-right"/></svg>'


@dataclass(frozen=True, slots=True)
class _Way:
    """A door of the street: what lies behind it, and what its link says."""

    title: str
    words: str
    go: str


_DOORS = {
    DemoRole.DISPATCHER: _Way(
        "Dispatch console",
        "The whole city live. See why each driver was chosen, and overrule it.",
        "Go in as dispatcher",
    ),
    DemoRole.DRIVER: _Way(
        "Driver’s phone",
        "Be Marisol for an evening: see the whole offer, take it or not, deliver.",
        "Go in as Marisol",
    ),
    DemoRole.SHOP: _Way(
        "A cupcake shop",
        "Quote and book a delivery in two clicks, or paste one API call.",
        "Go in as the shop",
    ),
    DemoRole.SHOPPER: _Way(
        "Shopper’s page",
        "Where is my order? The page that somebody in town has open now.",
        "Look over her shoulder",
    ),
}
_OPEN_WAYS = (
    (_Way("The API", "Every route with its shapes and refusals, for merchants, drivers, shoppers, providers.", "Read the API"), "/docs"),
    (_Way("Figures", "Open, delivered, drivers, offers: counts of every market, fresh each second.", "See the figures"), "/status.json"),
    (_Way("Promised and paid", "What drivers were promised beside what they were paid, by market and week.", "Compare"), "/public/v1/promised-versus-paid"),
    (_Way("Is it well?", "Whether this network can serve right now, for people and for machines.", "Ask it"), "/readyz"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stay:
    """A visitor who is inside already: as whom, and how fast time runs for her."""

    roles: tuple[DemoRole, ...]
    speed: float
    choices: tuple[float, ...]


def page(*, title: str, body: str, attributes: str = "") -> str:
    """A whole page around ``body``, which must be markup already."""
    return _PAGE.substitute(
        title=escape(title), body=body, attributes=attributes, version=escape(__version__)
    )


def market_time(at: datetime, timezone: str) -> str:
    """``Saturday 5:58 pm`` as a clock on the wall of that market shows it."""
    local = at.astimezone(ZoneInfo(timezone))
    return f"{local:%A} {local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def front(
    *,
    figures: Sequence[Figures],
    now: datetime,
    speed: float,
    demo: bool,
    doors: Collection[DemoRole],
    stay: Stay | None = None,
    call: str | None = None,
) -> str:
    """The front page. ``doors``: as whom one click enters; ``call``: a command that books a delivery as it stands."""
    first = max(figures, key=lambda found: (found.open, found.delivered), default=None)
    body = _FRONT.substitute(
        lead=_lead(first, speed, demo=demo),
        card=_card(first, [found for found in figures if found is not first], now),
        street=_STREET,
        stay="" if stay is None else _stay(stay),
        ways=_demo_ways(doors, () if stay is None else stay.roles) if demo else _open_ways(),
        call="" if call is None else _call(call),
        note="Nobody here is real. No password in the demo." if demo else "A live network.",
        version=escape(__version__),
    )
    attributes = f' data-speed="{speed:g}" data-clock="{now.isoformat()}"{" data-demo" if demo else ""}'
    return page(title="Doorstep, a delivery network you can run", body=body, attributes=attributes)


def pace(speed: float) -> str:
    """How fast time runs, as the page says it after the city's name; front.js says it alike."""
    return f", {speed:g} times faster than life" if speed != 1 else ", as fast as life"


def _lead(first: Figures | None, speed: float, *, demo: bool) -> str:
    story = "Shops book, drivers are asked, cars move, doors are reached, everyone is paid."
    if first is None:
        return f"{story} No market is open yet: the first one appears here as soon as it is."
    name = escape(first.name)
    if not demo:
        return f"{story} This is <b>{name}</b>, live."
    return (
        f'{story} This is <b>{name}<span class="pace">{pace(speed)}</span></b>. Nobody here is real, but all of'
        " them use the same API that real ones would. Pick a door."
    )


def _card(first: Figures | None, others: Sequence[Figures], now: datetime) -> str:
    if first is None:
        return ""
    paid = Money(first.promised_minus_paid_minor)
    figures = (
        ("doors reached", "delivered", first.delivered),
        ("open right now", "open", first.open),
        ("drivers on duty", "drivers_online", first.drivers_online),
        ("offers on the table", "offers_open", first.offers_open),
    )
    lines = "".join(
        f'<div><dt>{words}</dt><dd data-figure="{name}">{value:,}</dd></div>'
        for words, name, value in figures
    )
    return (
        f'<section class="now" aria-label="Right now" data-market="{public("market", first.market_id)}"'
        f' data-timezone="{escape(first.timezone)}"><h2><i></i><span>{escape(first.name)},'
        f' <span class="clock">{market_time(now, first.timezone)}</span></span><span class="as-of">live</span></h2>'
        f'<dl>{lines}<div class="w{" off" if paid else ""}"><dt>between what drivers were promised and what they'
        f' were paid</dt><dd data-figure="promised_minus_paid_minor">{paid}</dd></div></dl>{_others(others)}</section>'
    )


def _others(others: Sequence[Figures]) -> str:
    if not others:
        return ""
    lines = "".join(
        f'<li data-market="{public("market", found.market_id)}"><b>{escape(found.name)}</b>'
        f'<span><span data-figure="open">{found.open:,}</span> open, <span data-figure="delivered">'
        f"{found.delivered:,}</span> reached</span></li>"
        for found in others
    )
    return f'<ul class="others">{lines}</ul>'


def _demo_ways(doors: Collection[DemoRole], inside: Collection[DemoRole]) -> str:
    ways = []
    for number, (role, way) in enumerate(_DOORS.items(), 1):
        if role in inside and role is not DemoRole.SHOPPER:
            ways.append(_way(number, way, PAGES[role], "You are in: go on"))
        elif role in doors:
            ways.append(
                f"<section>{_words(number, way)}"
                f'<form method="post" action="/demo/enter" data-door><input type="hidden" name="as" value="{role}">'
                f'<button data-key="{number}">{way.go} {_ARROW}</button><p class="no" role="status"></p></form></section>'
            )
        else:
            ways.append(f"<section>{_words(number, way)}<p>Opens on the machine it runs on.</p></section>")
    return "".join(ways)


_AS = {
    DemoRole.DISPATCHER: "as the dispatcher",
    DemoRole.DRIVER: "as Marisol",
    DemoRole.SHOP: "as the shop",
    DemoRole.SHOPPER: "at a shopper’s page",
}


def _stay(stay: Stay) -> str:
    """Where a visitor is and how fast time runs for her, with the way out."""
    where = " and ".join(_AS[role] for role in stay.roles)
    choices = "".join(
        f'<button type="button" data-speed="{choice:g}" aria-pressed="{"true" if choice == stay.speed else "false"}">'
        f"{choice:g}×</button>"
        for choice in stay.choices
    )
    return (
        f'<section class="in stay" aria-label="Your visit"><p>You are inside {where}.'
        ' <span class="why" role="status"></span></p>'
        f'<div class="speeds" role="group" aria-label="How fast time runs">{choices}</div>'
        '<form method="post" action="/demo/leave"><button>Leave</button></form></section>'
    )


def _call(call: str) -> str:
    return (
        '<section class="in call" aria-labelledby="call"><div><h2 id="call">Or book a delivery with one call</h2>'
        "<p>Paste it into a terminal. The key is the cupcake shop’s own, good in this demo alone. The answer is the"
        " delivery with its price, its promise and the link its shopper gets.</p></div>"
        f'<div class="paper"><button type="button" data-copy="curl">Copy</button><pre id="curl" tabindex="0">{escape(call)}</pre>'
        '<p class="sr" role="status"></p></div></section>'
    )


def _open_ways() -> str:
    return "".join(_way(number, way, where, way.go) for number, (way, where) in enumerate(_OPEN_WAYS, 1))


def _words(number: int, way: _Way) -> str:
    return f'<h2>{way.title} <span class="kbd" aria-hidden="true">{number}</span></h2><p>{way.words}</p>'


def _way(number: int, way: _Way, where: str, go: str) -> str:
    return f'<section>{_words(number, way)}<a class="go" href="{where}" data-key="{number}">{go} {_ARROW}</a></section>'
