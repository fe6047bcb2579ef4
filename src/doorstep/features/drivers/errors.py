"""What drivers are refused."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownDriver(NotFound):
    """No such driver, or not yours to know of."""

    code = "unknown_driver"
    title = "There is no such driver"


class NotActive(Conflict):
    """Only an active driver goes on duty; ``detail`` carries the written reason."""

    code = "driver_not_active"
    title = "This driver is not active"
    remedy = "The reason is in `detail`; support can review it."


class DutyEndsBefore(Invalid):
    """The named end of duty has passed already."""

    code = "duty_ends_before"
    title = "Duty cannot end before it starts"
