"""What is varied: every combination of the values asked for, the first of each being what the others are compared with."""

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.sim.reading import Raw, scenario_of
from doorstep.sim.scenario import Scenario, ScenarioRefused

MOST = 48
"""Settings of one study."""
LARGEST = 1e15
"""Beyond it, as ``inf`` and ``nan``, no value of a scenario lies."""
PATHS = frozenset({"city.recorded", "city.extract", "city.kept_in"})


@dataclass(frozen=True, slots=True)
class Knob:
    """A word of the operator for one key of a scenario."""

    key: str
    times: bool  # the value multiplies what the scenario has
    says: str


KNOBS = {
    "slots": Knob("fleet.drivers", True, "published driver slots, times the scenario's"),
    "demand": Knob("demand.orders", True, "orders, times the scenario's"),
    "pay": Knob("pay.scale", False, "pay rates, times the market's"),
    "batching": Knob("dispatch.engine.max_bundle", False, "orders a trip may hold"),
    "mixing": Knob("dispatch.engine.mixing", False, "1: a trip may lead to several stores, 0: to one"),
    "growing": Knob(
        "dispatch.grow", False, "1: more of a store may be offered to join a trip under way, 0: not"
    ),
    "rise": Knob(
        "dispatch.rise_step_minor", False, "what a no adds to the pay of an order's next offer, in cents"
    ),
    "rise_most": Knob("dispatch.rise_most_minor", False, "how far its pay rises at most, in cents"),
    "rise_from": Knob(
        "dispatch.rise_from_min", False, "minutes that the next best driver must cost for a no to do so"
    ),
    "declines": Knob("behaviour.declines", False, "chance that a driver does not take an offer"),
    "cancels": Knob("behaviour.cancels", False, "share of shoppers who change their mind before the pickup"),
    "broadcast": Knob(
        "dispatch.declines_before_broadcast",
        False,
        "noes after which all drivers near are asked at once, 0 for never",
    ),
    "company": Knob(
        "company.fee_minor", False, "what a courier company takes for an order, in cents; 0: there is none"
    ),
    "company_minute": Knob(
        "company.minute_minor",
        False,
        "what a waited minute is worth beside its fee, in cents; 0: it is asked last",
    ),
    "promise": Knob("demand.promise_min", False, "minutes promised from order to door"),
    "policy": Knob("dispatch.policy", False, "who decides: engine, late_f1 or nearest"),
    "tick": Knob("dispatch.engine.tick_s", False, "seconds between two looks at the market"),
    "driving_price": Knob(
        "dispatch.engine.driving_price", False, "what a driven minute counts against a waited one"
    ),
    "coverage_price": Knob(
        "dispatch.engine.coverage_price", False, "what leaving an order out counts, in minutes"
    ),
}
"""Any other word is a key itself, as ``behaviour.late_min``."""
Value = float | int | str
Chosen = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One combination."""

    label: str
    values: Chosen
    scenario: Scenario


def wishes(texts: Sequence[str]) -> list[tuple[str, list[Value]]]:
    """``slots=0.8,1,pay=1,1.15`` as words and values; a value without a word belongs to the word before.

    Values may also be parted by a stroke: ``slots=0.8/1``. Raises ScenarioRefused.
    """
    found: dict[str, list[Value]] = {}
    for text in texts:
        word = ""
        parts = [part for part in (p.strip() for p in text.split(",")) if part]
        for part in parts or [text]:  # of nothing a word is wanted, too
            value = part
            if "=" in part:
                word, value = (side.strip() for side in part.split("=", 1))
                if word in found:
                    raise ScenarioRefused(f"--vary names {word} twice")
                found[word] = []
            if not word:
                raise ScenarioRefused(
                    f"--vary {text}: begin with a word, as slots=0.8,1,1.2; words are {', '.join(KNOBS)}"
                )
            if word in PATHS:
                raise ScenarioRefused(
                    f"--vary {word}: a path cannot be varied, its strokes would part values and another place has orders and"
                    " drivers of its own; play each as a scenario of its own"
                )
            found[word] += [_value(word, v) for v in value.split("/") if v.strip()]
    keys: dict[str, str] = {}
    for word, values in found.items():
        if (first := keys.setdefault(KNOBS[word].key if word in KNOBS else word, word)) != word:
            raise ScenarioRefused(
                f"--vary: {first} and {word} are the same key; the one would hide the other"
            )
        if not values:
            raise ScenarioRefused(f"--vary {word}=: which values?")
        for at, one in enumerate(values):
            if one in values[:at]:
                raise ScenarioRefused(f"--vary {word}: {one} is there twice")
    return list(found.items())


def _value(word: str, text: str) -> Value:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    for kind in (int, float):
        try:
            number: int | float = kind(text)
        except ValueError:
            continue
        if abs(number) < LARGEST:
            return number
        raise ScenarioRefused(f"--vary {word}={text}: no number that could be played")
    return text


def settings_of(name: str, raw: Raw, texts: Sequence[str]) -> tuple[Setting, ...]:
    """All combinations, the first being the baseline; without wishes the scenario alone. Raises ScenarioRefused."""
    wished = wishes(texts)
    count = 1
    for _, values in wished:
        count *= len(values)
    if count > MOST:
        raise ScenarioRefused(f"--vary: {count} combinations are more than {MOST}; vary fewer things at once")
    found = []
    for combination in itertools.product(*(values for _, values in wished)):
        changed = copy.deepcopy(raw)
        chosen = tuple((word, value) for (word, _), value in zip(wished, combination, strict=True))
        for word, value in chosen:
            _put(name, changed, word, value)
        label = ", ".join(f"{word} {value}" for word, value in chosen) or "as it is"
        try:
            found.append(Setting(label, chosen, scenario_of(name, changed)))
        except ScenarioRefused as refusal:
            scenario_of(name, raw)  # what the file says itself is refused in its own words
            raise _to_blame(name, raw, chosen, refusal) from refusal
    return tuple(found)


def _to_blame(name: str, raw: Raw, chosen: Chosen, refusal: ScenarioRefused) -> ScenarioRefused:
    """``refusal`` with the one wish of ``chosen`` that is refused alone, or else with all of them."""
    for word, value in chosen:
        changed = copy.deepcopy(raw)
        _put(name, changed, word, value)
        try:
            scenario_of(name, changed)
        except ScenarioRefused as alone:
            return blamed(((word, value),), alone)
    return blamed(chosen, refusal)


def blamed(chosen: Chosen, refusal: ScenarioRefused) -> ScenarioRefused:
    """``refusal`` as one of what was asked for with ``--vary``, not of a line of the scenario's file."""
    return ScenarioRefused(f"--vary {','.join(f'{word}={value}' for word, value in chosen)}: {refusal}")


def _put(name: str, raw: Raw, word: str, value: Value) -> None:
    knob = KNOBS.get(word, Knob(word, False, ""))
    *tables, key = knob.key.split(".")
    if not tables:
        raise ScenarioRefused(
            f"--vary {word}: no such word ({', '.join(KNOBS)}) and no key such as behaviour.late_min"
        )
    if knob.times:
        if isinstance(value, str) or value < 0:
            raise ScenarioRefused(f"--vary {word}={value}: a factor such as 0.8 or 1.2")
        scenario = scenario_of(name, raw)
        value = round({"slots": scenario.fleet.drivers, "demand": scenario.demand.orders}[word] * value)
    table = raw
    for one in tables:
        table = table.setdefault(one, {})
        if not isinstance(table, dict):
            raise ScenarioRefused(f"--vary {word}: {one} has no keys")
    table[key] = value
