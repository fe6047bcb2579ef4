"""Invented demo addresses, seeded and repeatable.

None of them is real: a made-up street of a common name with a made-up number, at a random point around
the ZIP's. Should one exist, it is by accident and lies elsewhere. Only the ZIP, its city and how many
households live there are facts.
"""

from collections.abc import Sequence
from random import Random

from doorstep.connectors.maps.protocol import Address
from doorstep.connectors.us.zips import ZipArea, offset
from doorstep.units.geo import LatLng

STREET_NAMES = (
    *(
        "Acorn",
        "Alder",
        "Applewood",
        "Ashford",
        "Barley",
        "Bayberry",
        "Beacon",
        "Birch",
        "Bluebell",
        "Bramble",
    ),
    *(
        "Briar",
        "Brookside",
        "Cardinal",
        "Cedar",
        "Chestnut",
        "Clover",
        "Copper",
        "Cottonwood",
        "Cypress",
        "Dogwood",
    ),
    *(
        "Elder",
        "Fairview",
        "Fernwood",
        "Finch",
        "Foxglove",
        "Garnet",
        "Goldenrod",
        "Hazel",
        "Heather",
        "Hickory",
    ),
    *("Holly", "Ironwood", "Ivy", "Jasmine", "Juniper", "Kestrel", "Lakeview", "Larkspur", "Laurel", "Lilac"),
    *(
        "Linden",
        "Magnolia",
        "Maple",
        "Meadow",
        "Mulberry",
        "Oakmont",
        "Orchard",
        "Pecan",
        "Persimmon",
        "Poplar",
    ),
    *("Quail", "Redbud", "Robin", "Rosewood", "Sage", "Sparrow", "Sumac", "Sycamore", "Thistle", "Tupelo"),
    *("Violet", "Walnut", "Whippoorwill", "Willow", "Wisteria", "Wren"),
)
SUFFIXES = ("Ave", "Blvd", "Cir", "Ct", "Dr", "Ln", "Pl", "Rd", "St", "Ter", "Trl", "Way")
# Most homes stand on streets, drives, avenues, roads, lanes and courts.
_SUFFIX_WEIGHTS = (18, 2, 4, 9, 20, 11, 4, 12, 20, 2, 2, 4)
DIRECTIONS = ("", "N", "S", "E", "W")
_DIRECTION_WEIGHTS = (88, 3, 3, 3, 3)
_FURTHEST_M = 2_000
_UNIT_SHARE = 0.22


def draw_address(chance: Random, area: ZipArea) -> tuple[Address, LatLng]:
    """An invented address in ``area`` and its invented point, at most 2 km from the ZIP's point.

    Normalised already. The same state of ``chance`` gives the same address.
    """
    number = chance.choice((chance.randint(1, 99), chance.randint(100, 999), chance.randint(1000, 7999)))
    direction = chance.choices(DIRECTIONS, _DIRECTION_WEIGHTS)[0]
    name = chance.choice(STREET_NAMES)
    suffix = chance.choices(SUFFIXES, _SUFFIX_WEIGHTS)[0]
    unit = f"Apt {chance.randint(1, 40)}" if chance.random() < _UNIT_SHARE else ""
    address = Address(
        line1=" ".join(word for word in (str(number), direction, name, suffix) if word),
        line2=unit,
        city=area.city,
        state=area.state,
        postcode=area.postcode,
    )
    away_m = chance.triangular(0, _FURTHEST_M, _FURTHEST_M * 0.4)
    return address, offset(area.point, away_m, chance.uniform(0, 360))


def draw_area(chance: Random, areas: Sequence[ZipArea]) -> ZipArea:
    """One of ``areas``, likelier the more households it has. Raises ValueError when none has any."""
    if not any(a.households > 0 for a in areas):
        raise ValueError("no household lives in these areas")
    return chance.choices(areas, [a.households for a in areas])[0]


def draw_household(chance: Random, areas: Sequence[ZipArea]) -> tuple[Address, LatLng]:
    """An invented address in one of ``areas``, each household as likely as any other.

    Raises ValueError when nobody lives there.
    """
    return draw_address(chance, draw_area(chance, areas))
