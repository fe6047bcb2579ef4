"""Reads scenarios: small TOML files, each key checked, each mistake named with what would be right."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from doorstep.engine.params import Params
from doorstep.features.markets.rules import PayRates
from doorstep.platform.settings import from_environment
from doorstep.sim.mdrp.instance import read as read_instance
from doorstep.sim.scenario import (
    LIVE,
    TRUSTED,
    Behaviour,
    City,
    Company,
    Demand,
    Dispatch,
    Fleet,
    Policy,
    Scenario,
    ScenarioRefused,
)

Raw = dict[str, Any]
"""A scenario as TOML has it: tables of plain values."""
_TABLES: Mapping[str, type] = {
    "city": City,
    "demand": Demand,
    "fleet": Fleet,
    "behaviour": Behaviour,
    "dispatch": Dispatch,
    "company": Company,
}
_HEAD = {"title": str, "summary": str, "day": date}


def shipped() -> dict[str, str]:
    """The scenarios that come with the product: name and title."""
    folder = resources.files("doorstep.sim.scenarios")
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            found[entry.name.removesuffix(".toml")] = str(tomllib.loads(entry.read_text())["title"])
    return found


def load(name: str) -> tuple[str, Raw]:
    """The scenario called ``name``: one of ``shipped``, a TOML file, or a folder with a recorded day.

    Returns its short name and its tables. Raises ScenarioRefused.
    """
    path = Path(name)
    if path.is_dir():
        return path.name, recorded_tables(
            {"title": f"Recorded day {path.name}", "city": {"recorded": str(path)}}
        )
    if path.suffix == ".toml" or path.is_file():
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ScenarioRefused(f"{name}: cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise ScenarioRefused(f"{name}: not UTF-8, which TOML is written in ({error})") from error
        except (ValueError, RecursionError) as error:
            raise ScenarioRefused(f"{name}: not TOML: {error}") from error
        city = raw.get("city")
        if isinstance(city, dict):
            for key in ("recorded", "extract", "kept_in"):
                if isinstance(city.get(key), str):
                    city[key] = str(path.parent / Path(city[key]).expanduser())
            if isinstance(city.get("extract"), str):
                _there("city.extract", Path(city["extract"]))
                city.setdefault("kept_in", str(from_environment().home / "roads"))
        return path.stem, recorded_tables(raw)
    names = shipped()
    if name not in names:
        raise ScenarioRefused(
            f"no scenario is called {name!r}{_did_you_mean(name, names)}; `doorstep simulate list` shows them, and a path to a"
            " TOML file or to the folder of a recorded day works, too"
        )
    return name, tomllib.loads(resources.files("doorstep.sim.scenarios").joinpath(f"{name}.toml").read_text())


def _there(key: str, file: Path) -> None:
    if not file.is_file():
        raise ScenarioRefused(
            f"{key} = {str(file)!r}: there is no such file; a path is read from the folder of the scenario's own file"
        )


def where(name: str, refusal: ScenarioRefused) -> str:
    """The file and line that ``refusal`` speaks of, as ``market.toml:7: ``; empty when it is not one of a scenario's file."""
    path = Path(name)
    if not path.is_file() or str(refusal).startswith(("--vary", name)):
        return ""
    named = re.match(r"([a-z_]+(?:\.[A-Za-z0-9_]+)*)(?: =|:| is)", str(refusal))
    *tables, key = named[1].split(".") if named else ["", ""]
    at = ""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        bare = line.split("#")[0].strip()
        if bare.startswith("["):
            at = bare.strip("[] ")
            if at == ".".join((*tables, key)):
                return f"{name}:{number}: "
        elif at == ".".join(tables) and bare.split("=")[0].strip() == key:
            return f"{name}:{number}: "
    return f"{name}: "


def recorded_tables(raw: Raw) -> Raw:
    """``raw`` with what a recorded day says itself, where nothing else was said: a world in which all goes as told."""
    folder = raw.get("city", {}).get("recorded") if isinstance(raw.get("city"), dict) else None
    if not isinstance(folder, str):
        return raw
    try:
        instance = read_instance(Path(folder))
    except (OSError, ValueError) as error:
        raise ScenarioRefused(f"city.recorded: {folder} holds no recorded day ({error})") from error
    told: Raw = {
        "demand": {"orders": len(instance.orders)},
        "fleet": {"drivers": len(instance.couriers), "announced": True},
        "behaviour": {f.name: getattr(TRUSTED, f.name) for f in fields(TRUSTED)},
        "dispatch": {
            "pickup_service_s": instance.pickup_service_min * 60,
            "dropoff_service_s": instance.dropoff_service_min * 60,
            "engine": {"offer_lead_s": 0},
        },
    }
    for table, keys in told.items():
        raw[table] = {**keys, **_table(raw, table)}
    return raw


def scenario_of(name: str, raw: Raw) -> Scenario:
    """The scenario that ``raw`` describes. Raises ScenarioRefused."""
    known = [*_HEAD, *_TABLES, "pay", "goal"]
    for key in raw:
        if key not in known:
            raise ScenarioRefused(f"{key}: no table or key of a scenario{_did_you_mean(key, known)}")
    if not isinstance(raw.get("title"), str):
        raise ScenarioRefused("title is missing: one line that says what this scenario is")
    tables: Raw = {}
    for table, kind in _TABLES.items():
        values = dict(_table(raw, table))
        if table == "dispatch":
            engine = values.pop("engine", {})
            if not isinstance(engine, dict):
                raise ScenarioRefused("dispatch.engine is a table of the engine's knobs")
            usual = {
                name: getattr(LIVE, name)
                for name in ("offer_lead_s", "ask_ahead_s", "join_lead_s", "whole_trips", "load_most")
            }
            knobs = {**usual, **_checked("dispatch.engine", engine, Params)}
            tables[table] = Dispatch(
                **_checked("dispatch", values, Dispatch, without=("params",)),
                params=_made(Params, knobs, "dispatch.engine"),
            )
        else:
            tables[table] = kind(**_checked(table, values, kind))
    pay = dict(_table(raw, "pay"))
    scale = pay.pop("scale", 1.0)
    goal = _table(raw, "goal")
    for key in goal:
        if key != "promises_kept_pct":
            raise ScenarioRefused(f"goal.{key}: unknown{_did_you_mean(key, ['promises_kept_pct'])}")
    head = {key: _as(key, raw[key], kind) for key, kind in _HEAD.items() if key in raw}
    if tables["city"].recorded is not None:
        _refuse_what_no_record_has(tables["city"].recorded, raw, tables)
    return Scenario(
        name=name,
        pay=_made(PayRates, _checked("pay", pay, PayRates), "pay"),
        pay_scale=_as("pay.scale", scale, float),
        kept_goal_pct=_as("goal.promises_kept_pct", goal.get("promises_kept_pct", 95.0), float),
        **head,
        **tables,
    )


def _refuse_what_no_record_has(folder: Path, raw: Raw, tables: Raw) -> None:
    """Raise ScenarioRefused for what would change nothing on the recorded day in ``folder``, and look as if it had been played."""
    day = read_instance(folder)
    for key, wanted, there in (
        ("demand.orders", tables["demand"].orders, len(day.orders)),
        ("fleet.drivers", tables["fleet"].drivers, len(day.couriers)),
    ):
        if wanted > there:
            raise ScenarioRefused(f"{key} = {wanted}: the recorded day has {there} and no more")
    if "promise_min" in _table(raw, "demand"):
        raise ScenarioRefused("demand.promise_min: a recorded day promises nothing")


def _table(raw: Raw, name: str) -> Raw:
    found = raw.get(name, {})
    if not isinstance(found, dict):
        raise ScenarioRefused(f"{name} is a table: write [{name}] above its keys")
    return found


def _made(kind: Any, values: Raw, table: str) -> Any:
    try:
        return kind(**values)
    except ValueError as error:
        raise ScenarioRefused(f"{table}: {error}") from error


@cache
def _types(kind: Any) -> dict[str, type]:
    """By key the type that is wanted, told by the default."""
    found = {}
    for each in fields(kind):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        found[each.name] = Path if default is None else type(default)
    return found


def _checked(table: str, values: Raw, kind: Any, without: tuple[str, ...] = ()) -> Raw:
    wanted = {key: what for key, what in _types(kind).items() if key not in without}
    for key in values:
        if key not in wanted:
            raise ScenarioRefused(f"{table}.{key}: unknown{_did_you_mean(key, wanted)}")
    return {key: _as(f"{table}.{key}", value, wanted[key]) for key, value in values.items()}


def _as(name: str, value: Any, wanted: type) -> Any:
    """``value`` as ``wanted``. Raises ScenarioRefused."""
    number = _counts(value) and not isinstance(value, bool)
    if name == "city.metro" and type(value) is int:
        return str(value)  # a code of figures
    if wanted is float and number:
        return float(value)
    if wanted is int and number and float(value).is_integer():
        return int(value)
    if wanted is bool and number and value in {0, 1}:
        return value == 1
    if wanted is tuple and isinstance(value, list) and all(_counts(v) for v in value):
        return tuple(float(v) for v in value)
    if wanted is Path and isinstance(value, str):
        return Path(value)
    if wanted is dict and isinstance(value, dict):
        return {key: _as(f"{name}.{key}", part, float) for key, part in value.items()}
    if issubclass(wanted, StrEnum) and isinstance(value, str):
        if value not in list(wanted):
            raise ScenarioRefused(
                f"{name} = {value!r}: one of {', '.join(wanted)}{_did_you_mean(value, list(wanted))}"
            )
        return wanted(value)
    if wanted in {str, bool, date} and type(value) is wanted:
        return value
    names = {
        float: "a number", int: "a whole number", tuple: "a list of numbers", str: "a text in quotes",
        bool: "true or false, 1 or 0", date: "a date such as 2026-11-18", Path: "a path in quotes",
        dict: f"a table: write [{name}] and below it lines such as name = 0.2",
    }  # fmt: skip
    raise ScenarioRefused(f"{name} = {value!r}: must be {names.get(wanted, wanted.__name__)}")


def _counts(value: Any) -> bool:
    """Whether ``value`` is a number that one can reckon with: not ``nan``, not ``inf``, not longer than any could be."""
    return isinstance(value, int | float) and abs(value) < 1e15


def _did_you_mean(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {str(close[0])!r}?" if close else ""


__all__ = ["Policy", "Raw", "load", "scenario_of", "shipped"]
