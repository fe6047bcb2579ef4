"""Photos and signatures: looked at by content, drawn anew, without anything the camera wrote beside them.

What is kept is a picture of ours made from their pixels: no EXIF (the shopper's door has coordinates in it),
no second file behind the picture, no name.
"""

import io
from dataclasses import dataclass
from typing import ClassVar

import puremagic
from PIL import Image, ImageOps, UnidentifiedImageError

from doorstep.features.deliveries.errors import ProofUnreadable
from doorstep.features.deliveries.rules import ProofKind

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 25_000_000
LONGEST_SIDE_PX = 2048
JPEG_QUALITY = 82
_READS: dict[str, str] = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we keep it."""

    content: bytes
    media_type: str

    SUFFIX: ClassVar[dict[str, str]] = {"image/jpeg": "jpg", "image/png": "png"}

    @property
    def suffix(self) -> str:
        """The ending of its file name."""
        return self.SUFFIX[self.media_type]


def sniffed(content: bytes) -> str:
    """The decoder's name for ``content`` by its first bytes, whatever anyone claims. Raises ProofUnreadable."""
    try:
        media_type = puremagic.from_string(content[:4096], mime=True)
    except (puremagic.PureError, ValueError) as error:
        raise ProofUnreadable("this is no picture we know; send JPEG, PNG or WebP") from error
    if media_type not in _READS:
        raise ProofUnreadable(f"this is {media_type or 'something else'}; send JPEG, PNG or WebP")
    return _READS[media_type]


def redrawn(content: bytes, kind: ProofKind) -> Picture:
    """``content`` drawn anew: photos as JPEG of at most 2048 pixels a side, signatures as PNG.

    Takes up to a second of CPU: call it in a thread. Raises ProofUnreadable for more than 8 MB or 25 million
    pixels (read off the header, before anything is unpacked), another kind of file, or a broken one.
    """
    if not content or len(content) > MAX_BYTES:
        raise ProofUnreadable(f"a picture has at most {MAX_BYTES // 1024 // 1024} MB and at least one byte")
    decoder = sniffed(content)
    try:
        with Image.open(io.BytesIO(content), formats=[decoder]) as source:
            if source.width * source.height > MAX_PIXELS:
                raise ProofUnreadable(f"a picture has at most {MAX_PIXELS // 1_000_000} million pixels")
            source.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))  # a JPEG is then unpacked small
            upright = ImageOps.exif_transpose(source)
            upright.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            return _encoded(upright, kind)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ProofUnreadable("this picture cannot be read") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # what decoders raise for broken files
        raise ProofUnreadable("this picture is broken") from error


def _encoded(image: Image.Image, kind: ProofKind) -> Picture:
    # Pasted on white, pixel by pixel, so that neither transparency nor a text chunk of the source comes along.
    flat = Image.new("RGB", image.size, "white")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        rgba = image.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
    else:
        flat.paste(image.convert("RGB"))
    out = io.BytesIO()
    if kind is ProofKind.SIGNATURE:
        flat.convert("L").save(out, "PNG", optimize=True)
        return Picture(out.getvalue(), "image/png")
    flat.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return Picture(out.getvalue(), "image/jpeg")
