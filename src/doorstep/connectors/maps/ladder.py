"""The first ladder of geocoding, as rules: given coordinates, then the ZIP's point. Pure.

It knows no streets: it answers whether an address is consistent in itself, and how coarse its point is.
"""

from collections.abc import Mapping, Sequence

from doorstep.connectors.maps.postal import (
    city_key,
    has_number_and_street,
    is_po_box,
    normalise,
    postcode_of,
)
from doorstep.connectors.maps.protocol import (
    AddressQuery,
    Located,
    NotLocated,
    Precision,
)
from doorstep.connectors.maps.protocol import WhyNotLocated as Why
from doorstep.connectors.us.zips import ZipArea
from doorstep.units.geo import LatLng, great_circle_m

_SUGGESTED = 3


def climb(query: AddressQuery, areas: Mapping[str, ZipArea], unknown_hint: str = "") -> Located | NotLocated:
    """The place of ``query`` among ``areas`` (by postcode), or why there is none.

    Refuses, in this order: another country, no street, a PO box, a malformed or unknown ZIP, another
    state, another city, coordinates beyond the ZIP's reach. ``unknown_hint`` tells what helps when a ZIP
    is unknown.
    """
    address = normalise(query.address)
    if address.country != "US":
        return NotLocated(
            reason=Why.COUNTRY_NOT_SERVED,
            message=f"Only addresses in the United States, not {address.country}.",
        )
    if is_po_box(query.address.line1):
        return NotLocated(
            reason=Why.PO_BOX, message="A courier cannot deliver to a PO box; give the street address."
        )
    if not has_number_and_street(address.line1):
        return NotLocated(reason=Why.STREET_MISSING, message="Line 1 needs a house number and a street.")
    postcode = postcode_of(query.address.postcode)
    if postcode is None:
        return NotLocated(
            reason=Why.POSTCODE_MALFORMED,
            message=f"“{query.address.postcode.strip()[:20]}” is no ZIP code: five digits, or five, a dash and four.",
            suggestions=_zips_of(address.city, address.state, areas),
        )
    area = areas.get(postcode)
    if area is None:
        return NotLocated(
            reason=Why.POSTCODE_UNKNOWN,
            message=" ".join(part for part in (f"ZIP {postcode} is not known here.", unknown_hint) if part),
            suggestions=_zips_of(address.city, address.state, areas),
        )
    own = f"{area.city}, {area.state} {area.postcode}"
    if address.state != area.state:
        return NotLocated(
            reason=Why.STATE_MISMATCH,
            message=f"ZIP {postcode} lies in {area.state}, not in {address.state}.",
            suggestions=(own, *_zips_of(address.city, address.state, areas)),
        )
    if city_key(address.city) != city_key(area.city):
        return NotLocated(
            reason=Why.CITY_MISMATCH,
            message=f"ZIP {postcode} belongs to {area.city}, {area.state}, not to {address.city}.",
            suggestions=(own, *_zips_of(address.city, address.state, areas)),
        )
    return _placed(query, area)


def _placed(query: AddressQuery, area: ZipArea) -> Located | NotLocated:
    address = normalise(query.address)
    if query.point is None:
        return Located(
            address=address,
            point=area.point,
            precision=Precision.POSTCODE,
            postcode=area.postcode,
            note=f"The middle of ZIP {area.postcode}, not the door: give coordinates for a sure arrival.",
        )
    away_m = great_circle_m(query.point, area.point)
    if away_m > area.reach_m:
        return NotLocated(
            reason=Why.POINT_TOO_FAR,
            message=(
                f"The given point lies {away_m / 1000:.1f} km from the middle of ZIP {area.postcode}; "
                f"at most {area.reach_m / 1000:.1f} km is plausible."
                + (" Latitude and longitude are swapped." if _swapped(query.point, area) else "")
            ),
        )
    return Located(address=address, point=query.point, precision=Precision.GIVEN, postcode=area.postcode)


def _swapped(point: LatLng, area: ZipArea) -> bool:
    if abs(point.lng) > 90:
        return False
    return great_circle_m(LatLng(lat=point.lng, lng=point.lat), area.point) <= area.reach_m


def _zips_of(city: str, state: str, areas: Mapping[str, ZipArea]) -> tuple[str, ...]:
    """The ZIPs of a city with most households, likeliest first."""
    key = city_key(city)
    found: Sequence[ZipArea] = [a for a in areas.values() if a.state == state and city_key(a.city) == key]
    likeliest = sorted(found, key=lambda a: (-a.households, a.postcode))[:_SUGGESTED]
    return tuple(f"{a.city}, {a.state} {a.postcode}" for a in likeliest)
