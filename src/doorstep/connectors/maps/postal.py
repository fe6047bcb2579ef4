"""Address lines in one spelling: a working part of USPS Publication 28. Pure.

Suffixes, directions and units get their standard abbreviation, the unit moves to its own line, words
written all in capitals or all in small letters get a capital. Nothing is guessed: a word that is not in
the tables stays as it is. Normalising twice changes nothing.
"""

import re
from dataclasses import replace

from doorstep.connectors.maps.postal_words import (
    BEHIND_A_DIRECTION,
    CITY_WORDS,
    DIRECTIONS,
    LONE_UNITS,
    SMALL_WORDS,
    STATES,
    SUFFIXES,
    UNITS,
)
from doorstep.connectors.maps.protocol import Address

_POSTCODE = re.compile(r"([0-9]{5})(?:-?[0-9]{4})?")
_PO_BOX = re.compile(r"\bp\.?\s*o\.?\s*box\b|\bpost\s+office\s+box\b", re.IGNORECASE)
_NUMBERED = re.compile(r"[0-9]+(?:st|nd|rd|th)", re.IGNORECASE)
# A unit is told by a number or one letter: "Apt 4B", "Ste 200-C", "Unit B"; never "Lot St".
_UNIT_NAME = re.compile(r"[A-Za-z]|[A-Za-z]{0,2}-?[0-9][0-9A-Za-z/-]*")


def normalise(address: Address) -> Address:
    """``address`` in the standard spelling; state as two letters, postcode cut to five digits where possible."""
    street, unit = _unit_apart(_words(address.line1))
    return replace(
        address,
        line1=" ".join(_street(street)),
        line2=_unit_line(" ".join([address.line2, *unit])),
        city=" ".join(_capital(word) for word in _words(address.city)),
        state=state_code(address.state),
        postcode=postcode_of(address.postcode) or address.postcode.strip(),
        country=_country(address.country),
    )


def postcode_of(text: str) -> str | None:
    """The five digits of a ZIP or ZIP+4; None when ``text`` is neither."""
    match = _POSTCODE.fullmatch(text.strip())
    return match[1] if match else None


def state_code(text: str) -> str:
    """The two letters of a state written out or short, in capitals; an unknown name as it is."""
    name = " ".join(text.lower().replace(".", "").split())
    if name in STATES:
        return STATES[name]
    return name.upper() if len(name) == 2 else text.strip()


def city_key(city: str) -> str:
    """What two spellings of one city have in common: "St. Rose" and "Saint Rose", "LaPlace" and "La Place"."""
    words = re.sub(r"['’.]", "", city.lower())
    words = re.sub(r"[^a-z0-9]+", " ", words)
    return "".join(CITY_WORDS.get(word, word) for word in words.split())


def is_po_box(line1: str) -> bool:
    """Whether the line names a post office box, where nothing can be handed over."""
    return _PO_BOX.search(line1) is not None


def has_number_and_street(line1: str) -> bool:
    """Whether the line holds a house number and a street's name."""
    return any(c.isdigit() for c in line1) and any(c.isalpha() for c in line1)


def _words(line: str) -> list[str]:
    # "#4" and "Apt#4" are two words each; commas and dots only separate.
    spaced = re.sub(r"[,.;\s]+", " ", line.replace("#", " # "))
    return spaced.split()


def _unit_apart(words: list[str]) -> tuple[list[str], list[str]]:
    """Cut the units off the end of the street line; the street keeps at least two words."""
    cut = len(words)
    while cut > 2:
        last, before = words[cut - 1].lower(), words[cut - 2].lower()
        if cut > 3 and before in UNITS and _UNIT_NAME.fullmatch(last):
            # "Apt # 4" is one unit.
            cut -= 3 if before == "#" and cut > 4 and words[cut - 3].lower() in UNITS else 2
        elif last in LONE_UNITS and before in SUFFIXES:
            cut -= 1
        else:
            break
    return words[:cut], words[cut:]


def _unit_line(line: str) -> str:
    """The units of ``line`` in short form; a line that is not made of units alone stays as written."""
    words = _words(line)
    units: list[str] = []
    index = 0
    while index < len(words):
        word = words[index].lower()
        if word in UNITS:
            # "Apt # 4" is "Apt 4".
            index += 2 if words[index + 1 : index + 2] == ["#"] else 1
            if index == len(words) or not _UNIT_NAME.fullmatch(words[index]):
                return " ".join(line.split())
            units += [UNITS[word], words[index].upper()]
        elif word in LONE_UNITS:
            units.append(LONE_UNITS[word])
        else:
            return " ".join(line.split())
        index += 1
    return " ".join(units)


def _street(words: list[str]) -> list[str]:
    """Abbreviate the direction before the name, the suffix behind it and the direction behind that."""
    street = [_capital(word) for word in words]
    lower = [word.lower() for word in words]
    end = len(words) - 1
    if end >= 3 and lower[end] in DIRECTIONS and lower[end - 1] in SUFFIXES:
        street[end] = DIRECTIONS[lower[end]]
        end -= 1
    # The last word is a suffix only behind a number and a name: "5 Park Ave", but "5 Broadway", "5 The Park".
    if end >= 2 and lower[end] in SUFFIXES and lower[end - 1] != "the":
        street[end] = SUFFIXES[lower[end]]
    # A direction is one only before a name: "12 North Main St", but "12 North St" and "12 North Side Rd".
    numbered = bool(lower) and any(c.isdigit() for c in lower[0])
    if end >= 3 and numbered and lower[1] in DIRECTIONS and lower[2] not in BEHIND_A_DIRECTION:
        street[1] = DIRECTIONS[lower[1]]
    return street


def _capital(word: str) -> str:
    """``word`` with a capital if it was written all in capitals or all small; other spellings are meant."""
    if _NUMBERED.fullmatch(word):
        return word.lower()
    if any(c.isdigit() for c in word):
        return word.upper()
    if not word.isascii() or not (word.isupper() or word.islower()):
        return word
    if word.lower() in SMALL_WORDS:
        return word.lower()
    if word.lower() in DIRECTIONS and len(word) <= 2:
        return word.upper()
    return re.sub(r"[a-z]+", lambda part: part[0].capitalize(), word.lower())


def _country(text: str) -> str:
    name = text.strip().upper().replace(".", "")
    return "US" if name in {"", "US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"} else name
