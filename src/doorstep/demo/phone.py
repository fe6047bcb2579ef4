"""A driver's phone: her session, her position, her stream of offers, and a memory for when there is no signal."""

import asyncio
import contextlib
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
from PIL import Image, ImageDraw

from doorstep.connectors.messages.twin import MessageTwin
from doorstep.demo.line import Line, MarketTime, Reply, SignedOut
from doorstep.demo.script import DriverPart, read_private, write_private
from doorstep.units.geo import LatLng

MOST_FIXES = 100
_CODE = re.compile(r"\b(\d{6})\b")


class Sessions:
    """Sessions of all drivers, kept in one private file so that a restart needs no new codes."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        self._tokens: dict[str, str] = {str(k): str(v) for k, v in read_private(path).items()}

    def get(self, phone: str) -> str | None:
        """The session of ``phone``, if any."""
        return self._tokens.get(phone)

    def put(self, phone: str, token: str | None) -> None:
        """Remember a session, or (None) forget it."""
        if token is None:
            self._tokens.pop(phone, None)
        else:
            self._tokens[phone] = token
        write_private(self._path, self._tokens)


class Phone:
    """What a driver's app does. While ``signal`` is off, fixes and reports wait in the phone."""

    def __init__(
        self, part: DriverPart, line: Line, time: MarketTime, messages: MessageTwin, sessions: Sessions
    ) -> None:
        """Signed out, where the driver starts."""
        self.part = part
        self.point = LatLng(lat=part.lat, lng=part.lng)
        self.signal = True
        self._line = line
        self._time = time
        self._messages = messages
        self._sessions = sessions
        self._fixes: list[dict[str, Any]] = []
        self._reports: list[tuple[str, dict[str, Any]]] = []
        self._count = 0

    async def call(self, method: str, path: str, **request: Any) -> Reply:
        """A request of the driver, signed in first where needed."""
        while True:
            token = self._sessions.get(self.part.phone) or await self._sign_in()
            try:
                return await self._line.call(method, path, token, **request)
            except SignedOut:
                self._sessions.put(self.part.phone, None)

    async def _sign_in(self) -> str:
        """By the code that is sent to the phone."""
        attempt = 0
        while True:
            attempt += 1
            known = len(self._messages.received(self.part.phone))
            await self._line.call("POST", "/driver/v1/session/code", json={"phone": self.part.phone})
            for _ in range(50):
                heard = self._messages.received(self.part.phone)
                if len(heard) > known:
                    break
                await asyncio.sleep(0.1)
            code = _CODE.search(heard[-1].text) if heard else None
            if code is not None:
                with contextlib.suppress(SignedOut):
                    reply = await self._line.call(
                        "POST",
                        "/driver/v1/session",
                        json={"phone": self.part.phone, "code": code[1]},
                    )
                    if reply.good:
                        token = str(reply.body["token"])
                        self._sessions.put(self.part.phone, token)
                        return token
            await self._line.pause(attempt + 4)

    def see(self, speed_mps: float = 0.0, heading_deg: float = 0.0) -> None:
        """Note where the phone is now."""
        self._fixes.append(
            {
                "lat": round(self.point.lat, 6),
                "lng": round(self.point.lng, 6),
                "device_at": self._time.now().isoformat(),
                "accuracy_m": 8,
                "speed_mps": round(speed_mps, 1),
                "heading_deg": round(heading_deg) % 360,
            }
        )
        del self._fixes[:-MOST_FIXES]

    async def send_fixes(self) -> None:
        """Send the noted positions, if there is a signal."""
        if self.signal and self._fixes:
            fixes, self._fixes = self._fixes, []
            await self.call("POST", "/driver/v1/fixes", json={"fixes": fixes})

    def note(self, trip: str, kind: str, deliveries: list[str], **more: Any) -> None:
        """Note a report; ``send_reports`` sends it."""
        self._count += 1
        at = self._time.now()
        report = {
            "report_id": f"{at.timestamp():.0f}-{self._count}",
            "kind": kind,
            "deliveries": deliveries,
            "device_at": at.isoformat(),
            "point": {"lat": self.point.lat, "lng": self.point.lng},
            **more,
        }
        self._reports.append((trip, report))

    async def send_reports(self, chance: Random | None = None) -> list[dict[str, Any]]:
        """Send noted reports, if there is a signal; what became of each.

        With ``chance`` they come as from a phone that was away: shuffled, and one of them twice.
        """
        heard: list[dict[str, Any]] = []
        while self.signal and self._reports:
            trip = self._reports[0][0]
            mine = [report for of, report in self._reports if of == trip]
            self._reports = [(of, report) for of, report in self._reports if of != trip]
            if chance is not None and len(mine) > 1:
                chance.shuffle(mine)
                mine.append(chance.choice(mine))
            reply = await self.call("POST", f"/driver/v1/trips/{trip}/reports", json={"reports": mine})
            if reply.good:
                heard += reply.body["heard"]
        return heard

    async def report(self, trip: str, kind: str, deliveries: list[str], **more: Any) -> list[dict[str, Any]]:
        """Note a report and send it with those that wait."""
        self.note(trip, kind, deliveries, **more)
        return await self.send_reports()

    async def photograph(self, delivery: str, kind: str, chance: Random) -> Reply:
        """Take a picture (``photo``) or have the screen signed (``signature``)."""
        self._count += 1
        picture = doorstep_photo(chance) if kind == "photo" else signature(chance)
        return await self.call(
            "POST",
            f"/driver/v1/deliveries/{delivery}/proofs",
            data={"kind": kind, "report_id": f"{kind}-{self._time.now().timestamp():.0f}-{self._count}"},
            files={"picture": (f"{kind}.jpg", picture, "image/jpeg")},
        )

    async def offers(self, heard: Callable[[list[dict[str, Any]]], None]) -> None:
        """Follow the stream of offers until cancelled; ``heard`` is told the list whenever it changes."""
        attempt = 0
        while True:
            attempt += 1
            token = self._sessions.get(self.part.phone) or await self._sign_in()
            try:
                async for items in self._stream(token):
                    attempt = 0
                    heard(items)
            except SignedOut:
                self._sessions.put(self.part.phone, None)
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            await self._line.pause(min(attempt + 1, 6))

    async def _stream(self, token: str) -> AsyncIterator[list[dict[str, Any]]]:
        request = self._line.http.stream(
            "GET",
            "/driver/v1/offers/stream",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(10, read=20),
        )
        async with request as answer:
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                raise SignedOut
            answer.raise_for_status()
            async for text in answer.aiter_lines():
                if text.startswith("data:"):
                    yield json.loads(text[5:])["items"]


def doorstep_photo(chance: Random) -> bytes:
    """A small JPEG of a door with a bag before it, never the same twice."""
    wall = tuple(chance.randint(120, 220) for _ in range(3))
    image = Image.new("RGB", (240, 180), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((80, 20, 160, 150), fill=tuple(chance.randint(40, 140) for _ in range(3)))
    left = chance.randint(60, 130)
    draw.rectangle((left, 115, left + 45, 155), fill=(196, 154, 108), outline=(120, 90, 60))
    draw.rectangle((0, 155, 240, 180), fill=(90, 90, 95))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=70)
    return target.getvalue()


def signature(chance: Random) -> bytes:
    """A scribble on a screen."""
    image = Image.new("RGB", (320, 120), "white")
    points = [(20 + 14 * n, chance.randint(25, 95)) for n in range(20)]
    ImageDraw.Draw(image).line(points, fill=(20, 20, 60), width=3)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=70)
    return target.getvalue()


def seconds_between(a: datetime, b: datetime) -> float:
    """From ``a`` to ``b``."""
    return (b - a) / timedelta(seconds=1)
