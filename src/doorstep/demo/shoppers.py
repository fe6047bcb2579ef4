"""Shoppers: they watch their tracking page, tell the driver the code at the door, tip, or are not at home."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any

import structlog

from doorstep.demo.line import Line, SignedOut
from doorstep.demo.tally import Tally

log = structlog.get_logger("demo")
AWAY_SHARE = 0.07
LATER_TIP_SHARE = 0.2
NOTE_SHARE = 0.08
LOOK_REAL_S = (8.0, 20.0)
FINAL = frozenset({"delivered", "returned", "cancelled", "expired"})


@dataclass(slots=True)
class Shopper:
    """One shopper with one delivery on the way."""

    delivery: str
    token: str
    away: bool


class Shoppers:
    """Everybody who waits for something."""

    def __init__(self, line: Line, tally: Tally, seed: int) -> None:
        """Nobody yet."""
        self._line = line
        self._tally = tally
        self._seed = seed
        self._waiting: dict[str, Shopper] = {}
        self._watching: set[asyncio.Task[None]] = set()

    def await_delivery(self, delivery: str, tracking_url: str) -> None:
        """Somebody got the link of a delivery and begins to watch it."""
        if delivery in self._waiting:
            return
        # What she does hangs on the delivery alone, so she does the same after a restart of this process.
        chance = Random(f"{self._seed}:shopper:{delivery}")
        shopper = Shopper(
            delivery=delivery,
            token=tracking_url.rstrip("/").rsplit("/", 1)[-1],
            away=chance.random() < AWAY_SHARE,
        )
        self._waiting[delivery] = shopper
        task = asyncio.create_task(self._watch(shopper, chance))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def opens(self, delivery: str, carried: dict[str, Any]) -> bool:
        """Whether somebody comes to the door; nobody needs to where the goods are left."""
        shopper = self._waiting.get(delivery)
        return shopper is None or not shopper.away or "contactless" in carried["requirements"]

    async def tell_pin(self, delivery: str) -> str | None:
        """The code, as the shopper reads it off her page and tells the driver; None when nobody knows it."""
        shopper = self._waiting.get(delivery)
        if shopper is None:
            return None
        view = await self._look(shopper)
        pin = (view or {}).get("pin")
        return None if pin is None else str(pin)

    async def _look(self, shopper: Shopper) -> dict[str, Any] | None:
        reply = await self._line.call("GET", f"/shopper/v1/{shopper.token}")
        return reply.body if reply.good else None

    async def _watch(self, shopper: Shopper, chance: Random) -> None:
        notes = chance.random() < NOTE_SHARE
        tips = chance.random() < LATER_TIP_SHARE
        try:
            while True:
                await asyncio.sleep(chance.uniform(*LOOK_REAL_S))
                view = await self._look(shopper)
                if view is None:
                    return
                if notes and view["may_instruct"]:
                    notes = False
                    await self._line.call(
                        "PATCH",
                        f"/shopper/v1/{shopper.token}/instructions",
                        json={"instructions": "The bell is broken, please knock."},
                    )
                if view["state"] in FINAL:
                    if tips and view["tip"]["open"] and view["state"] == "delivered":
                        amount_minor = view["tip"]["amount_minor"] + chance.choice((200, 300, 500))
                        reply = await self._line.call(
                            "POST",
                            f"/shopper/v1/{shopper.token}/tip",
                            json={"amount_minor": min(amount_minor, 100_00)},
                        )
                        self._tally.count("tipped_later" if reply.good else "tip_refused")
                    return
        except SignedOut:
            return
        except Exception as error:
            log.warning("shopper_stumbles", delivery=shopper.delivery, error=repr(error)[:300])
        finally:
            self._waiting.pop(shopper.delivery, None)
