"""The message twin: a mailbox of files for each phone."""

import asyncio
import stat
from pathlib import Path

import pytest

from doorstep.connectors.messages.protocol import MessageRefused, MessageUnavailable
from doorstep.connectors.messages.twin import MessageTwin

PHONE = "+16155550142"


async def test_a_phone_reads_what_it_was_sent_and_nothing_else(tmp_path: Path) -> None:
    twin = MessageTwin(tmp_path / "messages")
    assert twin.received(PHONE) == []
    await twin.send(PHONE, "first\nwith two lines")
    await twin.send("+16155550143", "for somebody else")
    await twin.send(PHONE, "second ✓")
    elsewhere = MessageTwin(tmp_path / "messages")  # another process on this machine
    assert [message.text for message in elsewhere.received(PHONE)] == ["first\nwith two lines", "second ✓"]


async def test_messages_sent_at_once_all_arrive_whole(tmp_path: Path) -> None:
    twins = [MessageTwin(tmp_path / "messages") for _ in range(4)]
    await asyncio.gather(*(twins[n % 4].send(PHONE, f"message {n}") for n in range(40)))
    assert sorted(message.text for message in twins[0].received(PHONE)) == sorted(
        f"message {n}" for n in range(40)
    )


async def test_only_their_owner_may_read_them(tmp_path: Path) -> None:
    await MessageTwin(tmp_path / "messages").send(PHONE, "123456")
    (mailbox,) = (tmp_path / "messages").iterdir()
    assert stat.S_IMODE(mailbox.stat().st_mode) == 0o600
    assert stat.S_IMODE(mailbox.parent.stat().st_mode) == 0o700


async def test_a_long_history_loses_its_beginning(tmp_path: Path) -> None:
    twin = MessageTwin(tmp_path / "messages")
    for n in range(100):
        await twin.send(PHONE, f"{n} " + "x" * 1500)
    kept = [int(message.text.split()[0]) for message in twin.received(PHONE)]
    assert kept[-1] == 99
    assert len(kept) < 60


@pytest.mark.parametrize(
    "phone", ["", "6155550142", "+1", "+1615555014x", "../../etc/passwd", "+16155550142/.."]
)
async def test_what_is_no_phone_is_refused(tmp_path: Path, phone: str) -> None:
    twin = MessageTwin(tmp_path / "messages")
    with pytest.raises(MessageRefused):
        await twin.send(phone, "hello")
    with pytest.raises(MessageRefused):
        twin.received(phone)
    assert not (tmp_path / "messages").exists()


@pytest.mark.parametrize("text", ["", "x" * 1601])
async def test_a_text_has_a_length(tmp_path: Path, text: str) -> None:
    with pytest.raises(MessageRefused):
        await MessageTwin(tmp_path / "messages").send(PHONE, text)


async def test_a_mailbox_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "messages").write_text("a file where the folder should be")
    with pytest.raises(MessageUnavailable):
        await MessageTwin(tmp_path / "messages").send(PHONE, "hello")
