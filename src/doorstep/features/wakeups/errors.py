"""What wake-ups refuse."""

from doorstep.platform.errors import Invalid


class BadSubscription(Invalid):
    """Keys that no browser makes."""

    code = "bad_subscription"
    title = "This is no subscription of a browser"
    remedy = "Send `endpoint`, `keys.p256dh` and `keys.auth` as PushSubscription.toJSON() tells them."
