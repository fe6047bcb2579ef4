"""The answer in words: which setting, what it does, how sure that is."""

from html import escape

from doorstep.sim.compare import Estimate
from doorstep.sim.report.figures import BY_NAME, POINTS, THIN, Shown, half, kept, verdict, written
from doorstep.sim.study import Study

SETTLED = 0.8
"""How often the choice must come out again when the days are drawn again."""


def answer(study: Study) -> str:
    """The paragraphs at the head of the page."""
    best = study.best()
    if not study.delivers(best):
        under = "" if len(study.settings) == 1 else " under any setting"
        what = "ordered" if study.estimate(best, "kept_pct").mean is None else "delivered"
        return f"<p><strong>Nothing was {what}{under}</strong>: there is nothing to recommend.</p>"
    if len(study.settings) == 1:
        return f"<p><strong>{_figures(study, best)}.</strong></p>" + _no_promise(study) + _caution(study)
    said = f"<p><strong>{escape(study.settings[best].label)}</strong>: {_figures(study, best)}. {_why(study, best)}</p>"
    said += _no_promise(study)
    if best == 0:
        said += "<p>That is what you have now: nothing tried here is better by that measure.</p>"
    else:
        said += _against(study, best)
    return said + _steadiness(study) + _caution(study)


def in_words(text: str) -> str:
    """``text`` with its units written out."""
    return text.replace(THIN + POINTS, " points")


def _figures(study: Study, setting: int) -> str:
    share, cost = study.estimate(setting, "kept_pct"), study.estimate(setting, "cost_per_order_minor")
    does = "promises are kept" if study.promises else "orders are delivered"
    return (
        f"{written(share.mean, kept(study))} of {does}{_around(share, kept(study))} at"
        f" {written(cost.mean, BY_NAME['cost_per_order_minor'])} of pay an order{_around(cost, BY_NAME['cost_per_order_minor'])}"
    )


def _around(estimate: Estimate, shown: Shown) -> str:
    return f' <span class="n">({in_words(half(estimate, shown))})</span>' if estimate.half is not None else ""


def _why(study: Study, best: int) -> str:
    count, good, goal = len(study.settings), len(study.reaching()), f"{study.goal_pct:g}%"
    if not study.keeps(best):
        return f"No setting keeps your goal of {goal}; this one keeps most."
    if good == 1:
        return f"It is the only one of {count} settings that keeps your goal of {goal}."
    if good == count:
        return f"It is the cheapest of {count} settings, which all keep your goal of {goal}."
    return f"It is the cheapest of the {good} settings, out of {count}, that keep your goal of {goal}."


def _no_promise(study: Study) -> str:
    if study.promises:
        return ""
    goal = (
        f": what you aim at, {study.goal_pct:g}%, is held against what is delivered"
        if len(study.settings) > 1
        else ""
    )
    return f"<p>A recorded day promises nothing{goal}.</p>"


def _against(study: Study, best: int) -> str:
    first = escape(study.settings[0].label)
    if not study.delivers(0):
        return f"<p>{first} delivers nothing: there is nothing to compare it with.</p>"
    names = ("kept_pct", "ctd_mean", "cost_per_order_minor", "earned_per_hour_minor")
    parts = [_change(study, best, name) for name in names if study.difference(best, name).mean is not None]
    return f"<p>Against {first}: {'; '.join(parts)}.</p>"


def _change(study: Study, setting: int, name: str) -> str:
    shown = kept(study) if name == "kept_pct" else BY_NAME[name]
    difference = study.difference(setting, name)
    text = f"{shown.head.lower()} <span class='n'>{in_words(written(difference.mean, shown, signed=True))}</span>{_around(difference, shown)}"
    lucky = "" if difference.sure or difference.half is None else ", which may be luck"
    return f'<span class="{verdict(difference, shown)}">{text}</span>{lucky}'


def _steadiness(study: Study) -> str:
    days, count = len(study.seeds), len(study.settings)
    if days == 1:
        return ""
    if days == 2:
        same = sum(study.best([day]) == study.best() for day in range(days))
        alone = ("neither of them would choose it", "one of them would choose it", "both would choose it")[
            same
        ]
        return (
            f"<p>Two days settle little between {count} settings; each judged alone, {alone}."
            " Run it with <code class='n'>--runs 30</code> before you act on it.</p>"
        )
    share = round(study.steadiness(), 2)
    said = f"<p>If the days are drawn again, it stays the choice {100 * share:.0f} times in 100"
    if share >= SETTLED:
        return f"{said}.</p>"
    return f"{said}: the choice between it and its neighbours is not settled by so few days.</p>"


def _caution(study: Study) -> str:
    if len(study.seeds) == 1:
        return (
            "<p>This is a single day: run it with <code class='n'>--runs 30</code> before you act on it.</p>"
        )
    return ""
