"""The default geocoder: the first ladder over the ZIPs this installation has."""

from collections.abc import Iterable

from doorstep.connectors.maps.ladder import climb
from doorstep.connectors.maps.protocol import AddressQuery, Located, NotLocated
from doorstep.connectors.us.nation import every_zip, nation_installed
from doorstep.connectors.us.zips import ZipArea

_ONLY_PILOTS = (
    "Only the Nashville and New Orleans metros are built in; "
    "for the whole country install: pip install 'doorstep[us]'."
)


class ZipGeocoder:
    """Finds addresses by given coordinates, else by ZIP; conforms to ``Geocoder``. Speaks to nobody."""

    def __init__(self, areas: Iterable[ZipArea], unknown_hint: str = "") -> None:
        """``areas`` are the ZIPs to know; ``unknown_hint`` tells what helps when one is not among them."""
        self._areas = {area.postcode: area for area in areas}
        self._unknown_hint = unknown_hint

    async def locate(self, query: AddressQuery) -> Located | NotLocated:
        """The place of ``query`` with its precision, or why there is none."""
        return climb(query, self._areas, self._unknown_hint)


def default_geocoder() -> ZipGeocoder:
    """A geocoder over the nation's ZIPs where ``doorstep[us]`` is installed (takes seconds), else the pilots'."""
    return ZipGeocoder(every_zip(), unknown_hint="" if nation_installed() else _ONLY_PILOTS)
