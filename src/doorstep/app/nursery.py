"""Where the processes of a network come from: copies of one process that has imported what they all need, and done nothing else.

Imports take a process more than a second of processor, on a crowded machine the most of a restart. The nursery does them
once, before anybody is asked for, and forks a child for each (as preloading web servers do, and Android's zygote). It has no
address of the database and no secret: a child gets its environment with its name. Linux alone.
"""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

LEARNED = (
    "doorstep.app.web", "doorstep.app.dispatcher", "doorstep.app.worker", "doorstep.app.commands", "httpcore", "uvloop",
    "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.websockets.auto",
    "sqlalchemy.dialects.postgresql.asyncpg",
)  # fmt: skip
"""What the processes import at last, beside the rooms of the features."""
GRACE_S = 1.0
"""How long children of a nursery that fell have to end: the next begin when they have, and nothing that was promised is lost by less."""
_LONGEST = 1 << 18
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


class Fell(RuntimeError):
    """The nursery ended before the child was born."""


class Child:
    """A process of the network, as ``asyncio.subprocess`` has them."""

    def __init__(self, pid: int) -> None:
        """It lives."""
        self.pid = pid
        self.returncode: int | None = None
        self.orphaned = False
        """Whether it ended because its nursery fell, through no fault of its own."""
        self._ended = asyncio.Event()

    async def wait(self) -> int | None:
        """Its exit code once it has ended, minus the signal that ended it."""
        await self._ended.wait()
        return self.returncode

    def ended(self, code: int) -> None:
        """It has."""
        self.returncode = code
        self._ended.set()

    def send(self, number: int) -> None:
        """Send it a signal. Raises ProcessLookupError when it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)


class Nursery:
    """What the launcher has of it. A nursery that falls takes its children with it, and the next child asked for begins another."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """``environment``: what every child may know."""
        self._environment = dict(environment) | {"OPENBLAS_NUM_THREADS": "1"}  # one thread: it is forked
        self._door: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._expected: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._count = 0

    def __enter__(self) -> Self:
        """Let it begin."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """End it; its children, if any are left, are told to end."""
        if self._door is not None and self._process is not None:
            self._door.close()
            self._process.wait()

    def open(self) -> None:
        """Let it begin to import, unless it has."""
        if self._door is not None:
            return
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._door.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (ourselves)
                [sys.executable, "-m", "doorstep.app.cli", "nursery", str(theirs.fileno())],
                env=self._environment, pass_fds=(theirs.fileno(),), process_group=0,
            )  # fmt: skip

    async def bear(self, words: Sequence[str], environment: Mapping[str, str]) -> Child:
        """A child that runs ``doorstep words…`` in ``environment``. Raises Fell."""
        self.open()
        assert self._door is not None
        assert self._process is not None
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(self._door, self._process))
        self._count += 1
        expected = asyncio.get_running_loop().create_future()
        self._expected[self._count] = expected
        asked = json.dumps({"number": self._count, "words": list(words), "environment": dict(environment)})
        try:
            await asyncio.get_running_loop().sock_sendall(self._door, asked.encode())
        except OSError:
            self._expected.pop(self._count, None)
            raise Fell from None
        born: Child = await expected
        return born

    async def _listen(self, door: socket.socket, process: "subprocess.Popen[bytes]") -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while said := await loop.sock_recv(door, _LONGEST):
                told = json.loads(said)
                if "number" in told:
                    child = self._children[told["pid"]] = Child(told["pid"])
                    self._expected.pop(told["number"]).set_result(child)
                else:
                    self._children.pop(told["pid"]).ended(told["code"])
        door.close()
        self._door, self._listening = None, None
        expected, self._expected = self._expected, {}
        children, self._children = self._children, {}
        for one in expected.values():
            one.set_exception(Fell())
        await asyncio.gather(
            asyncio.to_thread(process.wait), *(_outlived(child) for child in children.values())
        )


async def _outlived(child: Child) -> None:
    """See the end of a child whose nursery fell: the kernel tells it to end, and it is ours to wait for no more."""
    until = time.monotonic() + GRACE_S
    while _lives(child.pid):
        await asyncio.sleep(0.05)
        if time.monotonic() > until:
            with contextlib.suppress(ProcessLookupError):
                child.send(signal.SIGKILL)
    child.orphaned = True
    child.ended(-signal.SIGTERM)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


# The process itself.
def run(descriptor: int, called: Callable[[], None]) -> None:
    """Import everything, then fork who is asked for at the socket ``descriptor`` until that is closed.

    Each child calls ``called``, the command line, with its own words.
    """
    _call_it("nursery")
    _learn()
    gc.collect()
    gc.freeze()  # what is shared stays shared: no child's collector writes into it
    door = socket.socket(fileno=descriptor)
    living: dict[int, int] = {}  # by what tells of its end
    while True:
        for told in select.select([descriptor, *living], [], [])[0]:
            if told != descriptor:
                _, status = os.waitpid(pid := living.pop(told), 0)
                os.close(told)
                _say(door, pid=pid, code=os.waitstatus_to_exitcode(status))
            elif said := door.recv(_LONGEST):
                asked, parent = json.loads(said), os.getpid()
                if not (pid := os.fork()):
                    _live(asked, parent, (descriptor, *living), called)
                living[os.pidfd_open(pid)] = pid
                _say(door, number=asked["number"], pid=pid)
            else:
                return


def _learn() -> None:
    for name in LEARNED:
        importlib.import_module(name)
    wiring = importlib.import_module("doorstep.app.wiring")
    wiring.import_rooms()
    numba = importlib.import_module("numba")
    numba.njit("int64(int64)")(lambda x: x)  # it reads the most of itself when it compiles for the first time


def _live(
    asked: Mapping[str, Any], parent: int, others: Sequence[int], called: Callable[[], None]
) -> NoReturn:
    """The life of a child, from the fork on."""
    code = 1
    try:
        for one in others:
            os.close(one)
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        os.environ.clear()
        os.environ.update(asked["environment"])
        _call_it(asked["words"][0])
        sys.argv = ["doorstep", *asked["words"]]
        if os.getppid() == parent:  # it may have fallen before we were tied to it
            called()
            code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
        if isinstance(left.code, str):
            sys.stderr.write(f"{left.code}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _say(door: socket.socket, **told: int) -> None:
    with contextlib.suppress(OSError):  # the launcher is gone: so are we, at the next look
        door.send(json.dumps(told).encode())


def _call_it(name: str) -> None:
    """What ``ps`` and ``top`` call this process."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())
