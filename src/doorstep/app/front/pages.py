"""The front page, as text. Everything that was not written here is escaped."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from doorstep import __version__
from doorstep.app.faces.track.speech import NBSP, Lang, Markup, Speech
from doorstep.features.console.rules import Figures
from doorstep.features.identity.rules import DemoRole
from doorstep.features.visits.rules import PAGES
from doorstep.units.ids import public
from doorstep.units.money import Money

_HERE = Path(__file__).parent
_PACKAGE = __package__
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
STREET = (_HERE / "street.svg").read_text()
_PAGE = Template((_HERE / "page.html").read_text())
_FRONT = Template((_HERE / "front.html").read_text())
_ARROW = '<svg class="ic" aria-hidden="true"><use href="#i-right"/></svg>'


_OPEN_WAYS = {
    "api": "/docs",
    "figures": "/status.json",
    "paid": "/public/v1/promised-versus-paid",
    "well": "/readyz",
}
_FOR_THE_SCRIPT = ("pace.faster", "pace.life", "now.live", "now.as_of", "why.somebody_inside", "why.offer_open", "call.copy", "call.copied", "call.copied.said", "door.silent", "door.nothing_to_watch")  # fmt: skip
"""Texts that front.js says, too."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A visitor who is inside already: as whom, and how fast time runs for her."""

    roles: tuple[DemoRole, ...]
    speed: float
    choices: tuple[float, ...]


def page(*, title: str, body: str, attributes: str = "", lang: Lang = Lang.EN, script: str = "") -> str:
    """A whole page around ``body``, which must be markup already; ``script``: an asset that it runs."""
    return _PAGE.substitute(
        title=escape(title),
        body=body,
        attributes=attributes,
        lang=lang.value,
        script=f'<script src="/front/{script}" defer></script>\n' if script else "",
    )


def words_for(script: Iterable[str], speech: Speech) -> str:
    """The attribute with the texts that a page's script says, too."""
    texts = {name: speech.plain(name) for name in script}
    return f' data-words="{escape(json.dumps(texts, ensure_ascii=False))}"'


def market_time(at: datetime, timezone: str, speech: Speech) -> str:
    """``Saturday 5:58 pm`` as a clock on the wall of that market shows it."""
    local = at.astimezone(ZoneInfo(timezone))
    return f"{speech.plain(f'day.{local.weekday()}')} {Speech(speech.lang, timezone).time(at)}".replace(
        NBSP, " "
    )


def front(
    *,
    figures: Sequence[Figures],
    now: datetime,
    speed: float,
    demo: bool,
    doors: Collection[DemoRole],
    stay: Stay | None = None,
    call: str | None = None,
    lang: Lang = Lang.EN,
) -> str:
    """The front page. ``doors``: as whom one click enters; ``call``: a command that books a delivery as it stands."""
    speech = Speech(lang, "UTC", _PACKAGE)
    first = max(figures, key=lambda found: (found.open, found.delivered), default=None)
    html = speech.html
    body = _FRONT.substitute(
        {
            name.replace(".", "_"): html(name)
            for name in (
                "headline",
                "nav",
                "nav.api",
                "nav.figures",
                "nav.paid",
                "nav.language",
                "ways",
                "foot.open",
            )
        },
        lead=_lead(speech, first, speed, demo=demo),
        card=_card(speech, first, [found for found in figures if found is not first], now),
        street=STREET,
        stay="" if stay is None else _stay(speech, stay),
        doors=_demo_ways(speech, doors, () if stay is None else stay.roles) if demo else _open_ways(speech),
        call="" if call is None else _call(speech, call),
        note=html("note.demo" if demo else "note.live"),
        version=html("foot.version", version=__version__),
        other=lang.other.value,
    )
    attributes = (
        f' data-speed="{speed:g}" data-clock="{now.isoformat()}"{" data-demo" if demo else ""}'
        f"{words_for(_FOR_THE_SCRIPT, speech)}"
    )
    return page(title=speech.plain("title"), body=body, attributes=attributes, lang=lang, script="front.js")


def pace(speech: Speech, speed: float) -> str:
    """How fast time runs, as the page says it after the city's name; front.js says it alike."""
    return speech.html("pace.life") if speed == 1 else speech.html("pace.faster", speed=f"{speed:g}")


def _lead(speech: Speech, first: Figures | None, speed: float, *, demo: bool) -> str:
    if first is None:
        return speech.html("lead.none")
    if not demo:
        return speech.html("lead.live", place=first.name)
    place = Markup(f'{escape(first.name)}<span class="pace">{pace(speech, speed)}</span>')
    return speech.html("lead.demo", place=place)


def _card(speech: Speech, first: Figures | None, others: Sequence[Figures], now: datetime) -> str:
    if first is None:
        return ""
    html = speech.html
    paid = Money(first.promised_minus_paid_minor)
    lines = "".join(
        f'<div><dt>{html(f"now.{name}")}</dt><dd data-figure="{name}">{getattr(first, name):,}</dd></div>'
        for name in ("delivered", "open", "drivers_online", "offers_open")
    )
    return (
        f'<section class="now" aria-label="{html("now")}" data-market="{public("market", first.market_id)}"'
        f' data-timezone="{escape(first.timezone)}"><h2><i></i><span>{escape(first.name)},'
        f' <span class="clock">{market_time(now, first.timezone, speech)}</span></span>'
        f'<span class="as-of">{html("now.live")}</span></h2>'
        f'<dl>{lines}<div class="w{" off" if paid else ""}"><dt>{html("now.difference")}</dt>'
        f'<dd data-figure="promised_minus_paid_minor">{paid}</dd></div></dl>{_others(speech, others)}</section>'
    )


def _others(speech: Speech, others: Sequence[Figures]) -> str:
    if not others:
        return ""
    lines = "".join(
        f'<li data-market="{public("market", found.market_id)}"><b>{escape(found.name)}</b><span>'
        + speech.html(
            "now.other",
            open=Markup(f'<span data-figure="open">{found.open:,}</span>'),
            delivered=Markup(f'<span data-figure="delivered">{found.delivered:,}</span>'),
        )
        + "</span></li>"
        for found in others
    )
    return f'<ul class="others">{lines}</ul>'


def _demo_ways(speech: Speech, doors: Collection[DemoRole], inside: Collection[DemoRole]) -> str:
    ways = []
    html = speech.html
    for number, role in enumerate(DemoRole, 1):
        name = role.value
        if role in inside and role is not DemoRole.SHOPPER:
            ways.append(_way(speech, number, name, PAGES[role], html("way.on")))
        elif role in doors:
            ways.append(
                f"<section>{_words(speech, number, name)}"
                f'<form method="post" action="/demo/enter" data-door><input type="hidden" name="as" value="{role}">'
                f'<button data-key="{number}">{html(f"{name}.go")} {_ARROW}</button>'
                '<p class="no" role="status"></p></form></section>'
            )
        else:
            ways.append(f"<section>{_words(speech, number, name)}<p>{html('way.closed')}</p></section>")
    return "".join(ways)


def _stay(speech: Speech, stay: Stay) -> str:
    """Where a visitor is and how fast time runs for her, with the way out."""
    html = speech.html
    where = speech.plain(f"stay.as.{stay.roles[0]}")
    for role in stay.roles[1:]:
        where = speech.plain("stay.and", first=where, second=speech.plain(f"stay.as.{role}"))
    choices = "".join(
        f'<button type="button" data-speed="{choice:g}" aria-pressed="{"true" if choice == stay.speed else "false"}">'
        f"{choice:g}×</button>"
        for choice in stay.choices
    )
    return (
        f'<section class="in stay" aria-label="{html("stay")}"><p>{html("stay.in", where=where)}'
        ' <span class="why" role="status"></span></p>'
        f'<div class="speeds" role="group" aria-label="{html("stay.speeds")}">{choices}</div>'
        f'<form method="post" action="/demo/leave"><button>{html("stay.leave")}</button></form></section>'
    )


def _call(speech: Speech, call: str) -> str:
    html = speech.html
    return (
        f'<section class="in call" aria-labelledby="call"><div><h2 id="call">{html("call")}</h2>'
        f"<p>{html('call.more')}</p></div>"
        f'<div class="paper"><button type="button" data-copy="curl">{html("call.copy")}</button>'
        f'<pre id="curl" tabindex="0">{escape(call)}</pre><p class="sr" role="status"></p></div></section>'
    )


def _open_ways(speech: Speech) -> str:
    return "".join(
        _way(speech, number, name, where, speech.html(f"{name}.go"))
        for number, (name, where) in enumerate(_OPEN_WAYS.items(), 1)
    )


def _words(speech: Speech, number: int, name: str) -> str:
    html = speech.html
    return f'<h2>{html(name)} <span class="kbd" aria-hidden="true">{number}</span></h2><p>{html(f"{name}.more")}</p>'


def _way(speech: Speech, number: int, name: str, where: str, go: str) -> str:
    return (
        f"<section>{_words(speech, number, name)}"
        f'<a class="go" href="{where}" data-key="{number}">{go} {_ARROW}</a></section>'
    )
