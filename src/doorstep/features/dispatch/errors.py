"""What dispatch refuses."""

from doorstep.platform.errors import Conflict


class NotWaiting(Conflict):
    """The delivery has a carrier, is being offered, or is over: there is nothing to assign."""

    code = "not_waiting"
    title = "This delivery does not wait for a carrier"


class DriverUnfit(Conflict):
    """The chosen driver cannot take it: off duty, on a trip, or lacking what it needs."""

    code = "driver_unfit"
    title = "This driver cannot take the delivery"
