"""What pages written by the server say, in their reader's language: texts, and figures as people there write them."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from html import escape
from importlib import resources
from zoneinfo import ZoneInfo

from doorstep.units.money import Money

NBSP = "\u00a0"
MINUS = "\u2212"
_DAYS = {
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "es": ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
}
_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "es": ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
}
_SYMBOLS = {"USD": "$", "CAD": "$", "MXN": "$", "EUR": "€", "GBP": "£"}
_HALVES = {"en": ("am", "pm"), "es": ("a.m.", "p.m.")}
_FEET_PER_METRE = 1 / 0.3048
_METRES_PER_MILE = 1609.344

Message = str | Mapping[str, str]


class Lang(StrEnum):
    """Languages the page is written in."""

    EN = "en"  # English
    ES = "es"  # Spanish

    @property
    def other(self) -> "Lang":
        """The one it can be switched to."""
        return Lang.ES if self is Lang.EN else Lang.EN


def chosen(asked: str | None, accepted: str) -> Lang:
    """The language asked for, else the first of an Accept-Language header that there is, else English."""
    if asked in set(Lang):
        return Lang(asked)
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wanted.append((-weight, place, name.strip().lower()[:2]))
    return next(
        (Lang(name) for weight, _, name in sorted(wanted) if weight < 0 and name in set(Lang)), Lang.EN
    )


@cache
def texts(package: str, lang: Lang) -> Mapping[str, Message]:
    """The messages that lie in a package's ``words``."""
    file = resources.files(package).joinpath("words", f"{lang}.json")
    found: dict[str, Message] = json.loads(file.read_text(encoding="utf-8"))
    return found


class Speech:
    """Texts and figures in one language and one market's time zone."""

    def __init__(self, lang: Lang, timezone: str, package: str = "doorstep.app.faces.track") -> None:
        """``timezone`` is an IANA key; ``package`` holds the texts."""
        self.lang = lang
        self._zone = ZoneInfo(timezone)
        self._texts = texts(package, lang)

    def plain(self, key: str, **values: str | int) -> str:
        """The text of ``key``, its blanks filled; ``n`` chooses the plural. Not for markup."""
        told = _filled(self._form(key, values), {name: str(value) for name, value in values.items()})
        return _agreed(told, self.lang)

    def html(self, key: str, **values: "str | int | Markup") -> str:
        """The same as markup: values are escaped unless they are markup already, ``<b>`` stays."""
        text = escape(self._form(key, values), quote=False)
        text = text.replace("&lt;b&gt;", "<b>").replace("&lt;/b&gt;", "</b>")
        told = {
            name: value.text if isinstance(value, Markup) else escape(str(value))
            for name, value in values.items()
        }
        return _agreed(_filled(text, told), self.lang)

    def vehicle(self, told: str) -> str:
        """A car as its driver wrote it, "blue CR-V", with a common colour in words of the language."""
        colour, _, car = told.partition(" ")
        key = f"car.{colour.lower()}"
        return self.plain(key, car=car) if car and key in self._texts else told

    def _form(self, key: str, values: Mapping[str, object]) -> str:
        message = self._texts[key]
        if isinstance(message, str):
            return message
        return message["one"] if values.get("n") == 1 and "one" in message else message["other"]

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def _clock(self, at: datetime) -> tuple[str, str]:
        local = self._local(at)
        return f"{local.hour % 12 or 12}:{local:%M}", _HALVES[self.lang][local.hour >= 12]

    def time(self, at: datetime) -> str:
        """``5:58 pm``."""
        return NBSP.join(self._clock(at))

    def short(self, at: datetime) -> str:
        """``5:58``: where the half of the day is plain."""
        return self._clock(at)[0]

    def range(self, first: datetime, last: datetime) -> tuple[str, str]:
        """``6:12–6:20`` and ``pm``: digits, and the half of the day that both share or the last one's."""
        (a, half), (b, end) = self._clock(first), self._clock(last)
        return (f"{a}–{b}" if half == end else f"{a}{NBSP}{half}–{b}"), end

    def moment(self, at: datetime, now: datetime) -> str:
        """``6:20 pm`` today, ``Sun 6:20 pm`` within six days, else ``21 Nov 6:20 pm``."""
        local = self._local(at)
        if local.date() == self._local(now).date():
            return self.time(at)
        if abs(at - now) < timedelta(days=6):
            return f"{_DAYS[self.lang][local.weekday()]}{NBSP}{self.time(at)}"
        return f"{local.day}{NBSP}{_MONTHS[self.lang][local.month - 1]}{NBSP}{self.time(at)}"

    @staticmethod
    def age(seconds: float) -> str:
        """``20 s``, ``6 min``, ``2 h``; a second at least."""
        whole = max(1, int(seconds))
        if whole < 60:
            return f"{whole}{NBSP}s"
        return f"{whole // 60}{NBSP}min" if whole < 3600 else f"{whole // 3600}{NBSP}h"

    @staticmethod
    def minutes(seconds: float) -> str:
        """``12 min``, rounded up to five from ten on: a way is never known to the minute."""
        minutes = max(1, round(seconds / 60))
        return f"{minutes if minutes < 10 else -(-minutes // 5) * 5}{NBSP}min"

    @staticmethod
    def distance(metres: float) -> str:
        """``500 ft`` below a fifth of a mile, else ``1.2 mi``."""
        if metres < _METRES_PER_MILE / 5:
            return f"{max(50, round(metres * _FEET_PER_METRE / 50) * 50):,}{NBSP}ft"
        return f"{metres / _METRES_PER_MILE:.1f}{NBSP}mi"

    @staticmethod
    def symbol(currency: str) -> str:
        """``$``: what stands before an amount; the currency's code where no sign is common."""
        return _SYMBOLS.get(currency, f"{currency}{NBSP}")

    @staticmethod
    def money(amount: Money) -> str:
        """``$5.60``, with a true minus."""
        whole, cents = divmod(abs(amount.minor), 100)
        sign = MINUS if amount.minor < 0 else ""
        return f"{sign}{Speech.symbol(amount.currency)}{whole:,}.{cents:02}"


class Markup:
    """Text that is markup already and was made here."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Give only what was escaped."""
        self.text = text


_DAY = rf"(?:{'|'.join(_DAYS['es'])}|\d{{1,2}}\s[a-z]{{3}})\s"
_AGREED = (
    (re.compile(rf"\bde las (?={_DAY})"), "del "),
    (re.compile(rf"\b(?:a )?las (?={_DAY})"), "el "),
    (re.compile(r"\blas (?=1:\d\d)"), "la "),
)


def _agreed(text: str, lang: Lang) -> str:
    """Spanish articles of a clock: one o'clock is singular ("a la 1:05"), a day takes the hour's place ("antes del dom 6:20")."""
    for shape, instead in _AGREED if lang is Lang.ES else ():
        text = shape.sub(instead, text)
    return text


def _filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its blanks filled; a half of the day that ends a sentence in ``p.m.`` needs no second full stop."""
    filled = re.sub(r"\{(\w+)\}", lambda blank: values.get(blank.group(1), blank.group(0)), text)
    return filled.replace(".m..", ".m.")
