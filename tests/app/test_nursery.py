"""Processes are copies of one that has read everything: each with words, an environment and an end of its own."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doorstep.app.nursery import Child, Fell, Nursery


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    """One for all the children of a test."""
    with Nursery(os.environ) as one:
        yield one


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "DOORSTEP_HOME": str(home), **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def twin(nursery: Nursery, home: Path) -> Child:
    """A child that lives until it is told to end."""
    port = free_port()
    words = ["courier-twin", "--port", str(port), "--key", "k"]
    child = await nursery.bear(words, environment(home))
    while child.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return child
    raise AssertionError("it answers nobody")


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def lives(pid: int) -> bool:
    """Not as a name alone: that stays until init looks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def own_nursery() -> int:
    """The process of this test's nursery."""
    (found,) = (
        p
        for p in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        if name_of(int(p)) == "nursery"
    )
    return int(found)


async def ends(child: Child) -> int | None:
    return await asyncio.wait_for(child.wait(), 20)


async def test_each_child_has_its_own_words_and_environment_and_its_end_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Nursery(os.environ) as nursery:
        told = await nursery.bear(["version"], environment(tmp_path))
        assert await ends(told) == 0
        odd = await nursery.bear(["owner-link"], environment(tmp_path, PORT="eighty"))
        assert await ends(odd) == 1
        unknown = await nursery.bear(["dance"], environment(tmp_path))
        assert await ends(unknown) == 2
    said = capfd.readouterr()
    assert said.out.startswith("doorstep ")
    assert "PORT must be a number, not 'eighty'" in said.err
    assert "No such command 'dance'" in said.err
    with pytest.raises(ProcessLookupError):
        unknown.send(signal.SIGTERM)


async def test_two_live_beside_each_other_and_one_that_is_killed_leaves_the_other(
    nursery: Nursery, tmp_path: Path
) -> None:
    first, second = await twin(nursery, tmp_path), await twin(nursery, tmp_path)
    assert name_of(first.pid) == "courier-twin"
    assert os.getpgid(first.pid) == first.pid  # Ctrl-C at the terminal reaches the launcher alone
    first.send(signal.SIGKILL)
    assert await ends(first) == -signal.SIGKILL
    assert not first.orphaned
    assert second.returncode is None
    second.send(signal.SIGTERM)
    assert await ends(second) == -signal.SIGTERM  # uvicorn has finished and says why


async def test_a_nursery_that_falls_takes_its_children_along_and_the_next_has_another(
    nursery: Nursery, tmp_path: Path
) -> None:
    child = await twin(nursery, tmp_path)
    mother = parent_of(child.pid)
    os.kill(mother, signal.SIGKILL)
    assert await ends(child) == -signal.SIGTERM
    assert child.orphaned  # it is no fault of its own: the next need not wait longer for it
    assert not lives(child.pid)
    other = await twin(nursery, tmp_path)
    assert parent_of(other.pid) != mother


async def test_who_waits_for_a_child_hears_that_the_nursery_fell(nursery: Nursery, tmp_path: Path) -> None:
    child = await nursery.bear(["version"], environment(tmp_path))
    await ends(child)
    mother = own_nursery()
    os.kill(mother, signal.SIGSTOP)
    waiting = asyncio.create_task(nursery.bear(["version"], environment(tmp_path)))
    await asyncio.sleep(0.1)
    os.kill(mother, signal.SIGKILL)
    with pytest.raises(Fell):
        await asyncio.wait_for(waiting, 20)


async def test_when_the_launcher_is_gone_nobody_is_left(tmp_path: Path) -> None:
    with Nursery(os.environ) as nursery:
        child = await twin(nursery, tmp_path)
    for _ in range(400):
        if not lives(child.pid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it lives on")
