"""What of a market's history still stands, on paper. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from doorstep.features.markets.rules import MOVES, Change, ChangeKind, DatedPay, Market, Stage, Tariff
from doorstep.units.time import MarketInstant


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that is set in a market at ``now``, and all that will begin later."""

    market: Market
    tariffs: Sequence[Tariff]
    pay: Sequence[DatedPay]
    now: MarketInstant

    def still_holds(self, change: Change) -> bool:
        """Whether ``change`` can be taken back: what it set counts now or will begin, and what was before is known."""
        if change.kind is ChangeKind.TARIFF:
            return self._tariff_holds(change)
        if change.kind is ChangeKind.PAY:
            return self._pay_holds(change)
        if change.kind is ChangeKind.STAGE:
            before, after = Stage(str(change.before["stage"])), change.after["stage"]
            return self.market.stage == after and before in MOVES[self.market.stage]
        present = self._present(change.kind)
        if present is None:
            return False
        zones = "paused_zones" if "express" in change.after else ""  # levels do not speak of zones at rest
        there = {name: value for name, value in change.after.items() if name != zones}
        was = {name: value for name, value in change.before.items() if name != zones}
        if change.kind is ChangeKind.DISPATCH:
            return there == present and was != there
        return was != there and all(present.get(name) == value for name, value in there.items())

    def _present(self, kind: ChangeKind) -> Mapping[str, Any] | None:
        if kind is ChangeKind.RULES:
            levels: Mapping[str, Any] = plain(asdict(self.market.rules))
            return levels
        if kind is ChangeKind.DISPATCH:
            return {**self.market.dispatch, "tick_s": self.market.tick_s}
        if kind is ChangeKind.FALLBACK:
            return asdict(self.market.fallback)
        return None  # a market that was made stays made

    def _tariff_holds(self, change: Change) -> bool:
        same = [one for one in self.tariffs if one.kind == change.after["kind"]]
        since = begins(change)
        there = next((one for one in same if one.valid_from == since), None)
        if there is None or asdict(there.terms) != change.after["terms"] or change.before["terms"] is None:
            return False
        return since > self.now or there == _last([one for one in same if one.valid_from <= self.now])

    def _pay_holds(self, change: Change) -> bool:
        since = begins(change)
        there = next((one for one in self.pay if one.valid_from == since), None)
        set_then = {name: value for name, value in change.after.items() if name != "valid_from"}
        if there is None or asdict(there.rates) != set_then:
            return False
        return since > self.now or there == _last([one for one in self.pay if one.valid_from <= self.now])


def begins(change: Change) -> datetime:
    """From when the terms of a dated change count."""
    return datetime.fromisoformat(str(change.after["valid_from"]))


def plain(value: Any) -> Any:
    """The value as the history holds it: its tuples are lists there."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def _last[T](found: Sequence[T]) -> T | None:
    return found[-1] if found else None
