"""Labels as a camera would see them: Code 39 (ISO/IEC 16388) and a QR code, drawn by hand, and a photo of a door."""

import io

from PIL import Image, ImageDraw

# Each sign: nine elements, bars and spaces in turn; w is wide (three times a narrow one).
_CODE_39 = {
    "0": "nnnwwnwnn", "1": "wnnwnnnnw", "2": "nnwwnnnnw", "3": "wnwwnnnnn", "4": "nnnwwnnnw",
    "5": "wnnwwnnnn", "6": "nnwwwnnnn", "7": "nnnwnnwnw", "8": "wnnwnnwnn", "9": "nnwwnnwnn",
    "A": "wnnnnwnnw", "B": "nnwnnwnnw", "C": "wnwnnwnnn", "D": "nnnnwwnnw", "E": "wnnnwwnnn",
    "F": "nnwnwwnnn", "*": "nwnnwnwnn", "-": "nwnnnnwnw",
}  # fmt: skip
_NARROW_PX, _WIDE_PX, _HEIGHT_PX, _QUIET_PX = 4, 12, 160, 80


def label(text: str) -> bytes:
    """A PNG of a parcel label with ``text`` (digits, A to F, hyphen) as a barcode."""
    bars: list[tuple[int, int]] = []
    x = _QUIET_PX
    for sign in f"*{text}*":
        for number, element in enumerate(_CODE_39[sign]):
            width = _WIDE_PX if element == "w" else _NARROW_PX
            if number % 2 == 0:
                bars.append((x, width))
            x += width
        x += _NARROW_PX  # between signs
    image = Image.new("L", (x + _QUIET_PX, _HEIGHT_PX + 2 * _QUIET_PX), 250)
    draw = ImageDraw.Draw(image)
    for left, width in bars:
        draw.rectangle((left, _QUIET_PX, left + width - 1, _QUIET_PX + _HEIGHT_PX), fill=10)
    return _png(image)


# "40-2B" as a QR code (ISO/IEC 18004, version 1, level L), module by module.
_QR_CODE = """\
#######.#...#.#######
#.....#.##.#..#.....#
#.###.#.#####.#.###.#
#.###.#.#.#.#.#.###.#
#.###.#..####.#.###.#
#.....#.#.#.#.#.....#
#######.#.#.#.#######
.....................
##..###.....#..#.####
.##.....#.#.###..#.##
.##...#####.##...###.
####.....#.##..#...##
#...###..###..###..#.
........#####..#.#.##
#######...##..#####.#
#.....#.###..##.#...#
#.###.#.#...###..####
#.###.#..#..###....##
#.###.#..##.##...#...
#.....#.##.##..#.#..#
#######.#..#..###.###""".splitlines()
_MODULE_PX = 10


def square_label() -> bytes:
    """A PNG of a parcel label that says "40-2B" as a QR code."""
    side = (len(_QR_CODE) + 8) * _MODULE_PX
    image = Image.new("L", (side, side), 250)
    draw = ImageDraw.Draw(image)
    for y, line in enumerate(_QR_CODE, 4):
        for x, module in enumerate(line, 4):
            if module == "#":
                left, top = x * _MODULE_PX, y * _MODULE_PX
                draw.rectangle((left, top, left + _MODULE_PX - 1, top + _MODULE_PX - 1), fill=10)
    return _png(image)


def door() -> bytes:
    """A picture of a bag before a door, as big as a phone's camera makes them."""
    image = Image.new("RGB", (2400, 1800), (172, 148, 120))
    draw = ImageDraw.Draw(image)
    draw.rectangle((900, 200, 1500, 1600), fill=(74, 33, 66))
    draw.rectangle((1050, 1300, 1350, 1600), fill=(196, 154, 108))
    return _png(image)


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
