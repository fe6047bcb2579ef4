"""What visits refuse."""

from doorstep.platform.errors import Conflict, NotAllowed, NotFound


class NotInside(NotAllowed):
    """Only who is inside has a say."""

    code = "not_inside"
    title = "You are not inside"
    remedy = "Enter through one of the doors of the front page."


class NotDriving(Conflict):
    """There is a car for drivers alone."""

    code = "not_driving"
    title = "You are not inside as a driver"
    remedy = "Enter as a driver first."


class NothingToWatch(NotFound):
    """No delivery is under way at this moment."""

    code = "nothing_to_watch"
    title = "Nobody waits for a delivery at this moment"
    remedy = "Try again in a minute, or book one as the shop."
