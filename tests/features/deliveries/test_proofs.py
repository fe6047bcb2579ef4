"""Proofs: what is kept of a picture, a code, a paper; and what is refused."""

import io
import struct
import zlib
from uuid import UUID

import pytest
from PIL import Image
from tests.factories.deliveries import DRIVER, assigned_delivery, driver_actor, make_delivery, report_all
from tests.factories.ledger import NOON
from tests.factories.network import Network

from doorstep.features.deliveries import queries, service
from doorstep.features.deliveries.errors import PinLocked, ProofMissing, ProofUnreadable, UnknownDelivery
from doorstep.features.deliveries.pictures import MAX_BYTES, redrawn
from doorstep.features.deliveries.rules import (
    ROAD,
    Carrier,
    Delivery,
    DeliveryState,
    Fact,
    FactKind,
    Proof,
    ProofKind,
    Requirements,
    ReturnPolicy,
    missing_proofs,
)
from doorstep.features.deliveries.service import PaperSeen, ProofTaken
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.errors import Invalid
from doorstep.units.geo import LatLng

STAFF = Actor(Audience.STAFF, label="Ada")


def photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", exif: Image.Exif | None = None) -> bytes:
    out = io.BytesIO()
    picture = Image.effect_mandelbrot(size, (-2, -1, 1, 1), 20).convert("RGB")
    picture.save(out, form, **({"exif": exif} if exif else {}))
    return out.getvalue()


def with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0110] = "Phone of Dee"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (36.0, 8.0, 12.5)
    return exif


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says it is 3.6 gigapixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content) & 0xFFFFFFFF)
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_nothing_the_camera_wrote_beside_the_picture_is_kept() -> None:
    sent = photo(exif=with_place())
    assert b"Phone of Dee" in sent
    kept = redrawn(sent, ProofKind.PHOTO)
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert not picture.getexif()
        assert picture.size == (480, 640), "it stands upright before its EXIF goes"
        assert picture.format == "JPEG"
    assert b"Phone of Dee" not in kept.content
    assert b"Exif" not in kept.content


def test_a_second_file_behind_the_picture_is_not_kept() -> None:
    archive = b"PK\x03\x04 <script>alert(1)</script> PK\x05\x06"
    for form in ("JPEG", "PNG", "WEBP"):
        kept = redrawn(photo(form=form) + archive, ProofKind.PHOTO)
        assert b"script" not in kept.content
        assert b"PK\x03\x04" not in kept.content


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7\n1 0 obj",
        b"GIF89a" + b"\0" * 100,
        b"\xff\xd8\xff\xe0 and then nothing that is a picture",
        b"PK\x03\x04" + photo(),
        photo()[:2000],
        bomb(),
        b"\0" * (MAX_BYTES + 1),
        photo(form="BMP"),
        photo(form="TIFF"),
    ],
    ids=[
        "nothing", "svg", "html", "pdf", "gif", "jpeg head", "archive first", "cut", "bomb", "too large", "bmp",
        "tiff",
    ],
)  # fmt: skip
def test_what_is_no_picture_of_ours_is_refused(sent: bytes) -> None:
    with pytest.raises(ProofUnreadable):
        redrawn(sent, ProofKind.PHOTO)


def test_a_picture_of_more_than_25_million_pixels_is_refused_by_its_header() -> None:
    out = io.BytesIO()
    Image.new("1", (5001, 5000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(ProofUnreadable, match="25 million"):
        redrawn(out.getvalue(), ProofKind.PHOTO)


def test_a_large_photo_is_made_smaller_and_a_drawn_signature_stays_a_png() -> None:
    with Image.open(io.BytesIO(redrawn(photo((4000, 3000)), ProofKind.PHOTO).content)) as kept:
        assert kept.size == (2048, 1536)
    ink = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
    ink.paste((0, 0, 0, 255), (10, 40, 200, 50))
    out = io.BytesIO()
    ink.save(out, "PNG")
    drawn = redrawn(out.getvalue(), ProofKind.SIGNATURE)
    with Image.open(io.BytesIO(drawn.content)) as kept:
        assert (kept.format, kept.mode) == ("PNG", "L")
        assert (kept.getpixel((0, 0)), kept.getpixel((20, 45))) == (255, 0), "black on white, not on black"


async def take(network: Network, delivery: Delivery, taken: ProofTaken, actor: Actor | None = None) -> Proof:
    async with network.work(actor or driver_actor()) as work:
        return await service.add_proof(
            work, network.connectors.blobs, network.connectors.secrets, delivery.id, taken
        )


async def hand_over(network: Network, delivery: Delivery) -> DeliveryState:
    async with network.work(driver_actor()) as work:
        fact = Fact(kind=FactKind.HANDED_OVER, report_id=str(work.new_id()))
        return (await service.report(work, delivery.id, fact)).state


async def test_no_hand_over_without_the_photo_and_one_with_it(network: Network) -> None:
    delivery = await assigned_delivery(network, requirements=Requirements(contactless=True))
    with pytest.raises(ProofMissing):
        await hand_over(network, delivery)
    taken = ProofTaken(
        kind=ProofKind.PHOTO, report_id="p1", content=photo(), point=LatLng(lat=36.1, lng=-86.7)
    )
    proof = await take(network, delivery, taken)
    again = await take(network, delivery, taken)
    assert again == proof, "a photo sent twice is one proof"
    async with network.work() as work:
        assert len(await queries.proofs(work, delivery.id)) == 1
        key, media_type = await queries.proof_picture(work, delivery.id, proof.id)
        other = await make_delivery(network)
        with pytest.raises(UnknownDelivery):
            await queries.proof_picture(work, other.id, proof.id)
    assert media_type == "image/jpeg"
    with Image.open(io.BytesIO(await network.connectors.blobs.get(key))) as kept:
        assert kept.size == (640, 480)
    assert await hand_over(network, delivery) is DeliveryState.DELIVERED


async def with_pin(network: Network, pin: str = "0471") -> Delivery:
    sealed = network.connectors.secrets.seal(pin.encode())
    return await assigned_delivery(network, requirements=Requirements(pin=True), pin_sealed=sealed)


async def test_the_shoppers_code_opens_the_hand_over(network: Network) -> None:
    delivery = await with_pin(network)
    wrong = await take(network, delivery, ProofTaken(kind=ProofKind.PIN, report_id="a", text="1111"))
    assert (wrong.ok, wrong.result) == (False, {"tries_left": 4})
    with pytest.raises(ProofMissing):
        await hand_over(network, delivery)
    assert (await take(network, delivery, ProofTaken(kind=ProofKind.PIN, report_id="b", text="0471"))).ok
    assert await hand_over(network, delivery) is DeliveryState.DELIVERED


async def test_after_five_wrong_codes_only_staff_help(network: Network) -> None:
    delivery = await with_pin(network)
    for number in range(5):
        taken = ProofTaken(kind=ProofKind.PIN, report_id=f"{number}", text=f"{number}")
        assert not (await take(network, delivery, taken)).ok
    with pytest.raises(PinLocked):
        await take(network, delivery, ProofTaken(kind=ProofKind.PIN, report_id="x", text="0471"))
    async with network.work(driver_actor()) as work:
        with pytest.raises(UnknownDelivery):
            await service.waive_proof(work, delivery.id, ProofKind.PIN, "let me")
    async with network.work(STAFF) as work:
        waived = await service.waive_proof(work, delivery.id, ProofKind.PIN, "shopper called, order known")
    assert waived.result == {"waived_by": "Ada", "why": "shopper called, order known"}
    assert await hand_over(network, delivery) is DeliveryState.DELIVERED


async def test_a_code_nobody_asked_for_is_refused(network: Network) -> None:
    delivery = await assigned_delivery(network)
    with pytest.raises(Invalid):
        await take(network, delivery, ProofTaken(kind=ProofKind.PIN, report_id="a", text="1111"))


def test_fresh_codes_have_four_digits() -> None:
    codes = {service.fresh_pin() for _ in range(200)}
    assert all(len(code) == 4 and code.isdigit() for code in codes)
    assert len(codes) > 100


async def test_of_a_paper_only_of_age_or_not_is_kept(network: Network) -> None:
    delivery = await assigned_delivery(network, requirements=Requirements(min_age=21, alcohol=True))
    too_young = ProofTaken(
        kind=ProofKind.ID_CHECK, report_id="a", paper=PaperSeen("driver_license", of_age=False)
    )
    assert not (await take(network, delivery, too_young)).ok
    with pytest.raises(ProofMissing):
        await hand_over(network, delivery)
    expired = PaperSeen("passport", of_age=True, expired=True)
    assert not (
        await take(network, delivery, ProofTaken(kind=ProofKind.ID_CHECK, report_id="b", paper=expired))
    ).ok
    good = PaperSeen("driver_license", of_age=True, last_4="12AB")
    seen = await take(network, delivery, ProofTaken(kind=ProofKind.ID_CHECK, report_id="c", paper=good))
    assert seen.result == {
        "paper": "driver_license",
        "of_age": True,
        "expired": False,
        "min_age": 21,
        "last_4": "12AB",
    }
    assert await hand_over(network, delivery) is DeliveryState.DELIVERED


async def test_a_paper_check_says_enough_and_not_too_much(network: Network) -> None:
    delivery = await assigned_delivery(network, requirements=Requirements(min_age=18))
    for paper in (None, PaperSeen("passport", of_age=True, last_4="C01X00T47")):
        with pytest.raises(Invalid):
            await take(network, delivery, ProofTaken(kind=ProofKind.ID_CHECK, report_id="a", paper=paper))


async def test_a_scan_and_a_signer_stand_beside_their_proof(network: Network) -> None:
    delivery = await assigned_delivery(network)
    scan = await take(network, delivery, ProofTaken(kind=ProofKind.SCAN, report_id="a", text="TOTE-7"))
    ink = ProofTaken(kind=ProofKind.SIGNATURE, report_id="b", content=photo(form="PNG"), signer="Bo")
    assert scan.result == {"text": "TOTE-7"}
    assert (await take(network, delivery, ink)).result == {"signer": "Bo"}
    with pytest.raises(ProofUnreadable):
        await take(network, delivery, ProofTaken(kind=ProofKind.SCAN, report_id="c"))


async def test_left_at_the_door_by_policy_needs_a_photo(network: Network) -> None:
    delivery = await assigned_delivery(network, return_policy=ReturnPolicy.LEAVE)
    await report_all(network, delivery.id, [*ROAD[:-1], FactKind.ATTEMPT_FAILED])
    with pytest.raises(ProofMissing):
        await hand_over(network, delivery)
    await take(network, delivery, ProofTaken(kind=ProofKind.PHOTO, report_id="a", content=photo()))
    assert await hand_over(network, delivery) is DeliveryState.DELIVERED


async def test_only_who_carries_it_proves_something(network: Network) -> None:
    delivery = await make_delivery(network)
    async with network.work() as work:
        await service.offer_to(work, [delivery.id], [DRIVER])
    taken = ProofTaken(kind=ProofKind.PHOTO, report_id="a", content=photo())
    with pytest.raises(UnknownDelivery):
        await take(network, delivery, taken)
    async with network.work() as work:
        await service.assign(work, [delivery.id], Carrier(driver_id=DRIVER))
    assert (await take(network, delivery, taken)).ok


def test_a_check_for_eighteen_does_not_open_a_hand_over_for_twenty_one() -> None:
    seen = Proof(UUID(int=1), ProofKind.ID_CHECK, True, NOON, {"min_age": 18})
    assert missing_proofs(Requirements(min_age=18), [seen]) == []
    assert missing_proofs(Requirements(min_age=21), [seen]) == [ProofKind.ID_CHECK]
