"""What merchants and stores are refused."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownMerchant(NotFound):
    """No such merchant, or not yours to know of."""

    code = "unknown_merchant"
    title = "There is no such merchant"


class UnknownStore(NotFound):
    """No such store, or not yours to know of."""

    code = "unknown_store"
    title = "There is no such store"


class StoreNeeded(Invalid):
    """A person who works at a counter without a store, or one for all stores with a store."""

    code = "store_needed"
    title = "Who works at a counter is named with its store, and nobody else"


class SlugTaken(Conflict):
    """Another merchant is called so."""

    code = "merchant_slug_taken"
    title = "Another merchant has this slug"
    remedy = "Choose another slug."


class StoreNumberTaken(Conflict):
    """Another store of the merchant has this number."""

    code = "store_external_id_taken"
    title = "Another of your stores has this external_id"


class OutsideMarkets(Invalid):
    """The store's address lies in no market."""

    code = "outside_markets"
    title = "No market of this network holds this address"
    remedy = "See /public/v1/markets for where the network runs."


class AddressNotFound(Invalid):
    """The address cannot be; ``facts['suggestions']`` may tell what was meant."""

    code = "address_not_found"
    title = "This address was not found"


class MalformedHours(Invalid):
    """Opening hours that cannot be."""

    code = "malformed_hours"
    title = "These opening hours cannot be"


class MalformedBrand(Invalid):
    """Colours or a logo that no page could show."""

    code = "malformed_brand"
    title = "This brand cannot be shown"


class MalformedPhone(Invalid):
    """No phone number of the United States or in international form."""

    code = "malformed_phone"
    title = "This is no phone number"
    remedy = "Write it as +16155550142 or (615) 555-0142."
