"""The tracking page as a whole: head, brand, parts, and what its script starts from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from string import Template
from urllib.parse import quote, urlsplit

from doorstep.app.faces.built import Entry
from doorstep.app.faces.track.brand import Shades, ground_at_night, shades
from doorstep.app.faces.track.parts import Scene, age, icon, parts
from doorstep.app.faces.track.speech import Lang, Speech
from doorstep.features.merchants.rules import Brand
from doorstep.units.ids import public

_OURS = ":root:root:root"
_PAGE = Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="$light_paper">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="$dark_paper">
<title>$title</title>
<link rel="icon" href="$mark">
<style nonce="$nonce">$css$brand</style>
$script</head>
<body>
$body
</body>
</html>
""")


@dataclass(frozen=True, slots=True)
class Around:
    """What a page needs beside its scene: the build's entry, a nonce, the clock's speed.

    No font is fetched ahead: with the style in the page itself the browser asks for it in time, and words come first.
    ``visiting``: whoever looks came in by the demo's door, and may change the speed and leave.
    """

    entry: Entry
    nonce: str
    speed: float
    visiting: bool = False


def whole(scene: Scene, around: Around) -> str:
    """The page of ``scene``."""
    view, speech = scene.view, scene.speech
    written = "".join(f'<div data-part="{name}">{html}</div>' for name, html in parts(scene).items())
    body = (
        f'<a class="skip" href="#order">{speech.html("skip")}</a>{_header(scene)}'
        f'<main id="order"{" class=mapped" if view.position else ""}>'
        f"{_map_place(scene)}"
        f'<div class="col">{written}{_foot(scene)}</div></main>'
        f'<div class="sr" id="aloud" aria-live="polite"></div>{_visit(speech) if around.visiting else ""}'
        f'<script type="application/json" id="state">{_json(state(scene, around.speed))}</script>'
    )
    title = speech.plain("title", shop=view.merchant)
    return _filled(speech.lang, title, view.merchant, view.brand, body, around)


def notice(lang: Lang, what: str, around: Around) -> str:
    """A page that shows no delivery: ``gone`` after its time, ``unknown`` for a link that is none of ours."""
    speech = Speech(lang, "UTC")
    title = speech.plain(f"{what}.title")
    body = (
        f'<main id="order"><div class="col"><div class="eta"><h1>{escape(title)}</h1>'
        f'<p class="why">{speech.html(f"{what}.say")}</p></div></div></main>'
    )
    return _filled(lang, title, "", Brand(), body, around, script=False)


def state(scene: Scene, speed: float) -> dict[str, object]:
    """What the page's script starts from, and hears again with every change."""
    view = scene.view
    return {"at": view.now.isoformat(), "speed": speed, "over": view.ended_at is not None, "map": _map(scene)}


def _map(scene: Scene) -> dict[str, object] | None:
    view, words = scene.view, scene.speech.plain
    if view.position is None:
        return None
    seen = view.position
    return {
        "base": f"/public/v1/markets/{public('market', view.market_id)}/base",
        "shop": [view.shop.point.lng, view.shop.point.lat],
        "door": [view.door.lng, view.door.lat],
        "car": [seen.point.lng, seen.point.lat],
        "since": seen.at.isoformat(),
        "within_m": seen.within_m,
        "words": {
            "shop": view.merchant,
            "door": words("map.door"),
            "car": scene.who,
            "in": words("map.in"),
            "out": words("map.out"),
        },
    }


def map_age(scene: Scene) -> str:
    """How old the position is and how sure; stands over the map."""
    seen = scene.view.position
    if seen is None:
        return ""
    return scene.speech.html("map.age", age=age(scene, seen.at), within=scene.speech.distance(seen.within_m))


def _header(scene: Scene) -> str:
    view, speech = scene.view, scene.speech
    html = speech.html
    shop, brand = view.merchant, view.brand
    logo = (
        f'<img class="logo" src="{escape(brand.logo_url)}" alt="" width="36" height="36">'
        if brand.logo_url
        else f'<span class="logo" aria-hidden="true">{escape(shop[:1].upper())}</span>'
    )
    lines = [html("help.missing", shop=shop), html("help.address", address=view.shop.address)]
    if view.order:
        lines.append(html("help.order", order=view.order))
    links = []
    if brand.help_phone:
        number = "".join(c for c in brand.help_phone if c.isdigit() or c == "+")
        links.append(
            f'<a class="btn" href="tel:{quote(number)}">{html("help.call", phone=brand.help_phone)}</a>'
        )
    if brand.help_url:
        links.append(
            f'<a class="btn" href="{escape(brand.help_url)}" rel="noreferrer">{html("help.site", shop=shop)}</a>'
        )
    more = f"<p>{html('help.home')}</p>" if view.may_instruct else ""
    return (
        f'<header class="br">{logo}<span class="name">{escape(shop)}</span>'
        f'<details class="help" id="help"><summary>{icon("help")}<span>{html("help")}</span></summary>'
        f'<div class="panel"><p>{" ".join(lines)}</p>{"".join(links)}{more}</div></details></header>'
    )


def _map_place(scene: Scene) -> str:
    hidden = "" if scene.view.position else " hidden"
    label = escape(scene.speech.plain("map", shop=scene.view.merchant))
    credit = escape(scene.credit) or scene.speech.html("map.own")
    return (
        f'<section class="mw" id="map" aria-label="{label}"{hidden}><div class="canvas"></div>'
        f'<p class="ts">{map_age(scene)}</p><small class="att">{credit}</small></section>'
    )


def _visit(speech: Speech) -> str:
    """The demo's own bar: not a part of a shopper's page, and only there for who came in by the demo's door."""
    html = speech.html
    return (
        f'<aside class="visit" id="visit" aria-label="{html("visit")}" data-now="{escape(speech.plain("visit.now"))}">'
        f'<p><b>{html("visit")}</b> <span role="status"></span></p>'
        f'<div class="speeds" role="group" aria-label="{html("visit.choose")}"></div>'
        f'<form method="post" action="/demo/leave"><button class="btn">{html("visit.leave")}</button></form></aside>'
    )


def _foot(scene: Scene) -> str:
    other = scene.speech.lang.other
    return (
        f'<footer class="foot"><p>{scene.speech.html("foot", shop=scene.view.merchant, address=scene.view.shop.address)}</p>'
        f'<p><a href="{escape(scene.link)}?lang={other}" hreflang="{other}" lang="{other}">'
        f"{scene.speech.html('language')}</a></p></footer>"
    )


def _filled(
    lang: Lang, title: str, shop: str, brand: Brand, body: str, around: Around, *, script: bool = True
) -> str:
    light, dark = shades(brand, dark=False), shades(brand, dark=True)
    night = "".join(f"--{name}:{value};" for name, value in ground_at_night(brand).items())
    return _PAGE.substitute(
        lang=lang,
        title=escape(title),
        light_paper=light.paper,
        dark_paper=dark.paper,
        mark=escape(_mark(shop, light)),
        nonce=around.nonce,
        css=around.entry.css,
        # Said three times to weigh more than the tokens' own dark block, which comes once more with the map.
        brand=f"{_OURS}{{{_tokens(light)}}}@media (prefers-color-scheme:dark){{{_OURS}{{{_tokens(dark)}{night}}}}}",
        script=f'<script type="module" src="{escape(around.entry.script)}"></script>\n' if script else "",
        body=body,
    )


def _tokens(shade: Shades) -> str:
    values: Mapping[str, str] = {
        "brand": shade.brand,
        "on-brand": shade.on_brand,
        "brand-paper": shade.paper,
        "brand-soft": shade.soft,
        "surface": shade.surface,
        "raised": shade.raised,
        "line": shade.line,
        "line-2": shade.line_2,
        "sunken": shade.sunken,
        "focus": shade.brand,
        "link": shade.brand,
        "door": shade.brand,
        "on-door": shade.on_brand,
    }
    return "".join(f"--{name}:{value};" for name, value in values.items())


def _mark(shop: str, shade: Shades) -> str:
    """The icon of the tab: the shop's first letter on its colour."""
    letter = escape(shop[:1].upper())
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="9" fill="{shade.brand}"/><text x="16" y="23" font-size="19" font-weight="700"'
        f' font-family="system-ui,sans-serif" text-anchor="middle" fill="{shade.on_brand}">{letter}</text></svg>'
    )
    return f"data:image/svg+xml,{quote(drawn)}"


def _json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def logo_origin(brand: Brand) -> str:
    """The origin a page may load the logo from, with a space before it; empty without one."""
    if not brand.logo_url:
        return ""
    parts_ = urlsplit(brand.logo_url)
    return f" {parts_.scheme}://{parts_.netloc}"
