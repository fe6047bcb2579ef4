"""What goods and hand-over may ask for, by name, and what cannot be asked for together. Pure."""

REQUIREMENTS = frozenset(
    [
        "age_18",
        "age_21",
        "alcohol",
        "cold",
        "fragile",
        "heavy",
        "high_value",
        "signature",
        "pin",
        "photo",
        "contactless",
    ]
)
"""What goods and hand-over may ask for, by name."""


def in_person(requirements: frozenset[str]) -> list[str]:
    """Those of ``requirements`` for which somebody must come to the door, in a fixed order."""
    return [name for name in ("signature", "pin", "age_18", "age_21") if name in requirements]


def prohibited(requirements: frozenset[str]) -> list[tuple[str, str]]:
    """Pairs of (requirement, why it cannot be asked for together with the others); empty when all fits.

    The one list for quotes and for deliveries. A delivery left at the door shows no face, no code and no paper
    (Uber Direct refuses the same); a signature and a code together are refused as GoLocal does.
    """
    found = []
    if "contactless" in requirements:
        why = "a delivery left at the door cannot also be handed to a person"
        found += [(name, why) for name in in_person(requirements)]
    if {"signature", "pin"} <= requirements:
        found.append(("pin", "a signature and a code prove the same; ask for one of them"))
    if "alcohol" in requirements and "age_21" not in requirements:
        found.append(("alcohol", "alcohol needs a check for age 21"))
    return found
