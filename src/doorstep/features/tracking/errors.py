"""What tracking refuses."""

from doorstep.platform.errors import NotFound, Refusal


class Gone(Refusal):
    """The link was good until a day after the end."""

    code = "gone"
    status = 410
    title = "This link has ended"
    remedy = "The delivery is over. Ask the shop if something is missing."


class NoSuchPicture(NotFound):
    """No such proof, or it is nothing to look at."""

    code = "no_such_picture"
    title = "There is no such picture"
