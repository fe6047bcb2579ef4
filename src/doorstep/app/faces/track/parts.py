"""The parts of the tracking page as markup, by name and always in the same order, so that nothing jumps.

The first page and the stream are written by the same functions. What people wrote is escaped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from doorstep.app.faces.track.speech import Markup, Speech
from doorstep.features.deliveries.rules import TIP_OPEN, DeliveryState, ProofKind
from doorstep.features.tracking.rules import Basis, Estimate, ProofSeen, ShopperView, Step
from doorstep.units.ids import public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

TIP_STEPS_MINOR = (100, 200, 400)
FIRST_TIPS_MINOR = (200, 400, 600)
_OVER = {Step.DELIVERED, Step.RETURNED, Step.CANCELLED}
_DRAWN = {
    "help": '<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.5a2.4 2.4 0 1 1 3.3 2.3c-.7.3-1 .8-1 1.5v.4M12 16.7v.1"/>',
    "pin": "".join(f'<circle cx="{x}" cy="{y}" r=".9"/>' for y in (7, 12, 17) for x in (5, 12, 19)),
    "note": '<path d="M5 4h14v11l-5 5H5zM14 20v-5h5M8.5 8.5h7M8.5 12h4"/>',
    "heart": '<path d="M12 20S4 15 4 9.3A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.3C20 15 12 20 12 20z"/>',
    "id": '<rect x="3.5" y="6" width="17" height="12" rx="2.5"/><circle cx="9" cy="11" r="2"/><path d="M5.8 15.5a3.4 3.4 0 0 1 6.4 0M14.5 10.5h3M14.5 13.5h3"/>',
    "sign": '<path d="M4 18.5h16M5 15c2-5 4-8 5.5-7s-2.5 7-1 7 3-4 4.2-3.8.3 2.8 1.5 2.8 1.7-1.5 3.3-1.5"/>',
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the page answers to something the shopper did: in which part, in which words, and whether it was refused."""

    part: str
    html: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What a part is written from. ``link`` is the address of the page, without a query."""

    view: ShopperView
    speech: Speech
    link: str
    token: str
    credit: str = ""  # whose map it is, where it is not our own
    said: Said | None = None

    @property
    def who(self) -> str:
        """The driver's first name, or what stands for it."""
        return self.view.driver or self.speech.plain("who")

    def post(self, verb: str) -> str:
        """The address a form of this page is sent to."""
        return escape(f"{self.link}/{verb}?lang={self.speech.lang}")


def icon(name: str) -> str:
    """A line icon; decoration."""
    return f'<svg class="ic" viewBox="0 0 24 24" aria-hidden="true">{_DRAWN[name]}</svg>'


def parts(scene: Scene) -> dict[str, str]:
    """Every part by name, in the order of the page; one that has nothing to say is empty."""
    return {name: write(scene) for name, write in _PARTS.items()}


def age(scene: Scene, at: MarketInstant) -> Markup:
    """How long ago that was; the page's script lets it grow."""
    seconds = (scene.view.now - at).total_seconds()
    return Markup(f'<time data-since="{at.isoformat()}">{scene.speech.age(seconds)}</time>')


def head(scene: Scene) -> str:
    """The sentence one would say aloud. Not escaped."""
    view, words = scene.view, scene.speech.plain
    who, shop, s = scene.who, view.merchant, DeliveryState
    match view.step:
        case Step.BOOKED:
            return words("head.booked", shop=shop)
        case Step.COLLECTING:
            return words(
                "head.at_shop" if view.state is s.AT_PICKUP else "head.collecting", who=who, shop=shop
            )
        case Step.ON_THE_WAY if view.doors_before and view.state is s.PICKED_UP:
            return words("head.carried_later", who=who)
        case Step.ON_THE_WAY:
            return words("head.on_the_way", who=who, n=max(view.items, 1))
        case Step.AT_THE_DOOR:
            return words("head.at_the_door", who=who)
        case Step.DELIVERED:
            return words("head.delivered", time=scene.speech.time(view.ended_at or view.now))
        case Step.GOING_BACK:
            return words(
                "head.going_back" if view.state is s.ATTEMPT_FAILED else "head.to_shop", who=who, shop=shop
            )
        case Step.RETURNED:
            return words("head.returned", shop=shop)
        case Step.CANCELLED:
            return words("head.expired" if view.state is s.EXPIRED else "head.cancelled")


def _eta(scene: Scene) -> str:
    view, speech = scene.view, scene.speech
    lines = [f"<h1>{escape(head(scene))}</h1>"]
    if view.estimate is not None:
        digits, half = speech.range(view.estimate.earliest, view.estimate.latest)
        lines.append(f'<p class="t">{digits}{chr(0xA0)}<small>{half}</small></p>')
    lines.append(f'<p class="why">{" ".join([*_promise(scene), *_more(scene)])}</p>')
    if view.estimate is not None:
        lines.append(
            f'<details class="rest" id="rest"><summary>{speech.html("rest")}</summary>'
            f"<p>{_rests_on(scene, view.estimate)}</p></details>"
        )
    lines.append(_lost(scene))
    return "".join(lines)


def _promise(scene: Scene) -> list[str]:
    view, speech = scene.view, scene.speech
    promised = speech.moment(view.due_at, view.now)
    if view.step is Step.DELIVERED:
        late = (view.ended_at or view.now) - view.due_at >= timedelta(minutes=1)
        key = "say.delivered.late" if late else "say.delivered.intime"
        return [speech.html(key, promised=promised, shop=view.merchant)]
    if view.estimate is None:
        return []
    if view.estimate.latest <= view.due_at:
        return [speech.html("promise.kept", promised=promised)]
    return [
        speech.html(
            "promise.risk" if view.estimate.earliest <= view.due_at else "promise.late", promised=promised
        )
    ]


def _more(scene: Scene) -> list[str]:
    view, html = scene.view, scene.speech.html
    match view.step:
        case Step.BOOKED:
            return [html("say.booked")]
        case Step.COLLECTING | Step.ON_THE_WAY if view.doors_before:
            return [html("say.doors", n=view.doors_before)]
        case Step.AT_THE_DOOR:
            needs_id = any(name.startswith("age_") for name in view.requirements)
            code = [html("say.door.pin", pin=Markup(f"<b>{escape(view.pin)}</b>"))] if view.pin else []
            return [html("say.door"), *code, *([html("say.door.id")] if needs_id else [])]
        case Step.GOING_BACK:
            return [html("say.going_back", shop=view.merchant)]
        case Step.RETURNED:
            return [html("say.returned", shop=view.merchant)]
        case Step.CANCELLED:
            key = "say.expired" if view.state is DeliveryState.EXPIRED else "say.cancelled"
            return [html(key, shop=view.merchant)]
        case _:
            return []


def _rests_on(scene: Scene, estimate: Estimate) -> str:
    html, who = scene.speech.html, scene.who
    match estimate.basis:
        case Basis.PROMISE:
            return html("rest.promise", shop=scene.view.merchant)
        case Basis.PLAN:
            told = html("rest.plan", who=who, age=age(scene, estimate.as_of))
            return f"{told} {html('rest.wide', who=who)}"
        case Basis.POSITION:
            return html("rest.position", who=who, age=age(scene, estimate.as_of))


def _lost(scene: Scene) -> str:
    """What is shown while the line is broken; the page's script uncovers it."""
    view, speech = scene.view, scene.speech
    at = speech.time(view.now)
    if view.estimate is None:
        title = speech.html("lost.plain", time=at)
    else:
        digits, half = speech.range(view.estimate.earliest, view.estimate.latest)
        title = speech.html("lost.title", range=f"{digits}\u00a0{half}", time=at)
    return f'<p class="lost" hidden><b>{title}</b> {speech.html("lost.say")}</p>'


def _steps(scene: Scene) -> str:
    view, words = scene.view, scene.speech.plain
    short = scene.speech.short
    picked = ("step.picked_up", short(view.picked_up_at)) if view.picked_up_at else None
    rows: list[tuple[str, str]] = [("step.booked", short(view.booked_at))]
    done = 1
    match view.step:
        case Step.CANCELLED:
            rows += [*([picked] if picked else []), ("step.cancelled", short(view.ended_at or view.now))]
            done = len(rows)
        case Step.GOING_BACK | Step.RETURNED:
            rows += [picked or ("step.picked_up", ""), ("step.going_back", ""), ("step.returned", "")]
            done = 4 if view.step is Step.RETURNED else 2
        case Step.BOOKED | Step.COLLECTING:
            second = "step.collecting" if view.step is Step.COLLECTING else "step.picked_up"
            rows += [(second, ""), ("step.on_the_way", ""), ("step.at_the_door", "")]
            done = 1
        case Step.ON_THE_WAY | Step.AT_THE_DOOR:
            reached = short(view.reached_at) if view.reached_at else ""
            rows += [picked or ("step.picked_up", ""), ("step.on_the_way", ""), ("step.at_the_door", reached)]
            done = 2 if view.step is Step.ON_THE_WAY else 3
        case Step.DELIVERED:
            ended = short(view.ended_at or view.now)
            rows += [picked or ("step.picked_up", ""), ("step.on_the_way", ""), ("step.delivered", ended)]
            done = 4
    # Booked is behind even while nobody has been found; the step after it is then only to come.
    now = None if view.step in _OVER or view.step is Step.BOOKED else done
    lines = []
    for number, (key, at) in enumerate(rows):
        mark, aloud = ("d", words("step.done")) if number < done else ("", "")
        if number == now:
            mark, aloud = "n", words("step.now")
        attributes = f' class="{mark}"' if mark else ""
        current = ' aria-current="step"' if number == now else ""
        shown = f"<small>{at}</small>" if at else ""
        said = f'<span class="sr">, {aloud}</span>' if aloud else ""
        lines.append(f"<li{attributes}{current}>{words(key)}{said}{shown}</li>")
    return f'<ol class="prog" aria-label="{escape(words("steps"))}">{"".join(lines)}</ol>'


def _needs(scene: Scene) -> str:
    view, html = scene.view, scene.speech.html
    if view.step in _OVER or view.step is Step.GOING_BACK:
        return ""
    cards = []
    if view.pin:
        who = view.driver or scene.speech.plain("pin.none")
        spoken = escape(" ".join(view.pin))
        code = (
            f'<span class="pin" aria-hidden="true">{escape(view.pin)}</span><span class="sr">{spoken}</span>'
        )
        cards.append(_card("pin", html("pin"), html("pin.say", who=who), code))
    if any(name.startswith("age_") for name in view.requirements):
        cards.append(_card("id", html("need.id"), html("need.id.say")))
    if "signature" in view.requirements:
        cards.append(_card("sign", html("need.signature"), html("need.signature.say")))
    return "".join(cards)


def _card(shape: str, title: str, told: str, beside: str = "") -> str:
    return f'<div class="crd">{icon(shape)}<div><b>{title}</b><p>{told}</p></div>{beside}</div>'


def _person(scene: Scene) -> str:
    view = scene.view
    if not view.driver or view.step in {*_OVER, Step.BOOKED}:
        return ""
    car = escape(scene.speech.vehicle(view.vehicle)) or scene.speech.html("person.unknown")
    return (
        f'<div class="crd person"><span class="av" aria-hidden="true">{escape(view.driver[:1].upper())}</span>'
        f'<div><b><span class="sr">{scene.speech.html("person")}: </span>{escape(view.driver)}</b><p>{car}</p></div></div>'
    )


def _said(part: str) -> Callable[[Scene], str]:
    """Answers stand in parts of their own, so that news of the card above do not take them away."""

    def answer(scene: Scene) -> str:
        said = scene.said
        if said is None or said.part != part:
            return ""
        kind, role = ("answer e", "alert") if said.refused else ("answer", "status")
        return f'<p class="{kind}" role="{role}">{said.html}</p>'

    return answer


def _note(scene: Scene) -> str:
    view, html = scene.view, scene.speech.html
    text = escape(view.instructions)
    if not view.may_instruct:
        if not view.instructions:
            return ""
        return _card("note", f'<span class="own">{text}</span>', html("note.over"))
    title = f'<span class="own">{text}</span>' if view.instructions else html("note.none")
    verb = html("note.edit" if view.instructions else "note.add")
    return (
        f'<div class="crd">{icon("note")}<div><b><span class="sr">{html("note")}: </span>{title}</b>'
        f"<p>{html('note.until')}</p></div>"
        f'<details class="edit" id="note"><summary class="btn"><span>{verb}</span></summary>'
        f'<form method="post" action="{scene.post("instructions")}" data-part="note">'
        f'<label for="words">{html("note.label")}</label>'
        f'<textarea id="words" name="instructions" rows="3" maxlength="500">{text}</textarea>'
        f'<button class="btn pb">{html("note.save")}</button></form></details></div>'
    )


def _tip(scene: Scene) -> str:
    view, speech = scene.view, scene.speech
    html = speech.html
    if view.step is Step.CANCELLED and not view.tip:
        return ""
    title = html("tip", sum=speech.money(view.tip)) if view.tip else html("tip.none")
    told = [html("tip.all", who=view.driver or speech.plain("pin.none"))] if view.tip or view.may_tip else []
    if not view.may_tip:
        told.append(html("tip.over"))
    else:
        told.append(html("tip.rises" if view.tip_only_rises else "tip.free"))
        if view.ended_at is not None:
            told.append(html("tip.until", until=speech.moment(view.ended_at + TIP_OPEN, view.now)))
    form = _tip_form(scene) if view.may_tip else ""
    return (
        f'<div class="crd tip" id="tip">{icon("heart")}<div><b>{title}</b><p>{" ".join(told)}</p></div>'
        f"{form}</div>"
    )


def _tip_form(scene: Scene) -> str:
    view, speech = scene.view, scene.speech
    html, tip = speech.html, view.tip
    if tip:
        choices = [
            (tip.minor + step, f"+{chr(0xA0)}{_whole(speech, Money(step, tip.currency))}")
            for step in TIP_STEPS_MINOR
        ]
    else:
        choices = [(amount, _whole(speech, Money(amount, tip.currency))) for amount in FIRST_TIPS_MINOR]
    most = view.tip_limit
    radios = "".join(
        f'<label class="btn"><input class="sr" type="radio" name="amount" value="{amount}"'
        f' data-sum="{speech.money(Money(amount, tip.currency))}"><span>{label}</span></label>'
        for amount, label in choices
        if amount <= most.minor
    )
    least = tip.minor / 100 if view.tip_only_rises else 0
    return (
        f'<form class="tips" method="post" action="{scene.post("tip")}" data-part="tip"'
        f' data-give="{escape(speech.plain("tip.give"))}" data-currency="{tip.currency}"><fieldset><legend class="sr">{html("tip.choose")}</legend>'
        f'{radios}<label class="btn"><input class="sr" type="radio" name="amount" value="other">'
        f"<span>{html('tip.other')}</span></label></fieldset>"
        f'<label class="other">{html("tip.other.label", symbol=speech.symbol(tip.currency).strip())}<input type="number" name="other" inputmode="decimal"'
        f' min="{least:.2f}" max="{most.minor / 100:.2f}" step="0.01"></label>'
        f'<button class="btn pb go">{html("tip.give.plain")}</button></form>'
    )


def _whole(speech: Speech, amount: Money) -> str:
    """``$2`` for whole dollars: a choice, not a sum."""
    return speech.money(amount).removesuffix(".00")


def _photos(scene: Scene) -> str:
    view, speech = scene.view, scene.speech
    if view.step is not Step.DELIVERED or not view.proofs:
        return ""
    shown = "".join(_photo(scene, proof) for proof in view.proofs)
    title = "photo" if any(proof.kind is ProofKind.PHOTO for proof in view.proofs) else "photo.signature"
    return f'<section class="photos"><h2>{speech.html(title)}</h2>{shown}</section>'


def _photo(scene: Scene, proof: ProofSeen) -> str:
    key = "photo.alt" if proof.kind is ProofKind.PHOTO else "photo.signature.alt"
    alt = escape(scene.speech.plain(key, time=scene.speech.time(proof.at)))
    where = escape(f"/shopper/v1/{scene.token}/proof/{public('proof', proof.id)}")
    return f'<img class="{proof.kind}" src="{where}" alt="{alt}" decoding="async">'


_PARTS: Mapping[str, Callable[[Scene], str]] = {
    "eta": _eta,
    "photos": _photos,
    "steps": _steps,
    "needs": _needs,
    "person": _person,
    "note": _note,
    "note_said": _said("note"),
    "tip": _tip,
    "tip_said": _said("tip"),
}
ANSWERS = frozenset({"note_said", "tip_said"})
"""Parts that answer what the shopper did; no news."""
