"""What markets refuse."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownMarket(NotFound):
    """No such market."""

    code = "unknown_market"
    title = "There is no such market"


class UnknownChange(NotFound):
    """The market's history has no such line."""

    code = "unknown_change"
    title = "There is no such change in this market's history"


class ChangeOver(Conflict):
    """What this change set no longer stands, or nothing stood before it; taking it back would undo later ones."""

    code = "change_over"
    title = "This change cannot be taken back any more"
    remedy = "Make a new change that sets what you want."


class NoTiles(NotFound):
    """The operator has no street map: maps are drawn from the markets' own data."""

    code = "no_tiles"
    title = "There is no street map here"


class NoTariff(NotFound):
    """No tariff of this kind was valid at that instant."""

    code = "no_tariff"
    title = "This market has no such tariff"


class SlugTaken(Conflict):
    """Another market is called so."""

    code = "market_slug_taken"
    title = "Another market has this slug"
    remedy = "Choose another slug."


class StageMoveRefused(Conflict):
    """The stage cannot follow from the present one; ``facts`` hold both and what can follow."""

    code = "stage_move_refused"
    title = "A market cannot move so"


class BackDated(Conflict):
    """Tariffs and pay rates start now or later, each at an instant of its own."""

    code = "back_dated"
    title = "What was valid once is never changed"
    remedy = "Let the new one start now or later, and not at the instant of another."


class MalformedMarket(Invalid):
    """A market that could not run."""

    code = "malformed_market"
    title = "This market could not run"


class NationMissing(Conflict):
    """The nation's ZIPs are not installed here; ``detail`` holds the command that helps."""

    code = "nation_not_installed"
    title = "The ZIPs of the whole country are not installed"
    remedy = "Install the extra on the machine that serves: pip install 'doorstep[us]'."


class UnknownPlaces(Invalid):
    """A metro or ZIPs that no table has."""

    code = "unknown_places"
    title = "These places are in no table"
