"""One tick in a file: everything ``decide`` was given and what it said, to be repeated bit for bit."""

import zlib
from dataclasses import dataclass

import msgspec
import numpy as np

from doorstep.engine.compiled import Kernels
from doorstep.engine.decide import decide
from doorstep.engine.decisions import Decisions
from doorstep.engine.params import Params
from doorstep.engine.world import Plane, Travel, Ways, World, refuse_moment

MAGIC = b"doorstep-tick-1\n"


class NotATick(ValueError):
    """The file is no record of a tick, or of a later version."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A recorded tick; ``seconds`` is the travel matrix, row by row, as little-endian int32.

    With ``ms_per_m`` it is the places' coordinates instead, all x before all y, as little-endian int64.
    """

    world: World
    places: int
    seconds: bytes
    params: Params
    now_s: int
    seed: int
    decisions: Decisions
    kernels: str
    place_names: tuple[str, ...] = ()
    ms_per_m: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a time or a seed that cannot be, or travel that is not of so many places."""
        refuse_moment(self.now_s, self.seed)
        length = 16 * self.places if self.ms_per_m else 4 * self.places * self.places
        if self.places < 0 or len(self.seconds) != length:
            raise ValueError(f"{len(self.seconds)} bytes are not the travel of {self.places} places")

    def travel(self) -> Ways:
        """The travel matrix, or the plane."""
        if self.ms_per_m:
            x_m, y_m = np.frombuffer(self.seconds, "<i8").reshape(2, self.places).astype(np.int64)
            return Plane(x_m, y_m, self.ms_per_m)
        matrix = np.frombuffer(self.seconds, "<i4").reshape(self.places, self.places)
        return Travel(matrix.astype(np.int32))

    def again(self, kernels: Kernels | None = None, params: Params | None = None) -> Decisions:
        """Decide it once more, with other ``params`` when given. Raises ValueError where they do not fit its world."""
        return decide(self.world, self.travel(), params or self.params, self.now_s, self.seed, kernels)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A recorded tick decided again."""

    tick: Tick
    again: Decisions

    @property
    def same(self) -> bool:
        """Whether every decision, reason and the plan are the same to the last bit."""
        return msgspec.json.encode(self.tick.decisions) == msgspec.json.encode(self.again)


def pack(
    world: World, travel: Ways, params: Params, now_s: int, seed: int, decisions: Decisions, kernels: str
) -> bytes:
    """The tick as bytes, compressed."""
    if isinstance(travel, Plane):
        content, ms_per_m = np.stack([travel.x_m, travel.y_m]).astype("<i8").tobytes(), travel.ms_per_m
    else:
        content, ms_per_m = travel.seconds.astype("<i4").tobytes(), 0
    tick = Tick(
        world,
        travel.places,
        content,
        params,
        now_s,
        seed,
        decisions,
        kernels,
        ms_per_m=ms_per_m,
    )
    return MAGIC + zlib.compress(msgspec.msgpack.encode(tick), 3)


def unpack(content: bytes) -> Tick:
    """The tick in ``content``. Raises NotATick."""
    if not content.startswith(MAGIC):
        raise NotATick("this file is no tick record of this version")
    try:
        return msgspec.msgpack.decode(zlib.decompress(content[len(MAGIC) :]), type=Tick)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise NotATick(f"the record is damaged: {error}") from error


def replay(content: bytes, kernels: Kernels | None = None, params: Params | None = None) -> Repeat:
    """Decide a recorded tick again, with other ``params`` when given."""
    tick = unpack(content)
    return Repeat(tick, tick.again(kernels, params))
