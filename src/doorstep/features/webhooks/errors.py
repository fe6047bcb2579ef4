"""What webhooks refuse."""

from doorstep.platform.errors import Conflict, Invalid, NotFound


class UnknownEndpoint(NotFound):
    """No such endpoint, or another merchant's."""

    code = "unknown_endpoint"
    title = "There is no such endpoint"


class UnknownMessage(NotFound):
    """No such message, or another merchant's."""

    code = "unknown_message"
    title = "There is no such message"


class UnsafeUrl(Invalid):
    """An address that messages are never sent to."""

    code = "unsafe_url"
    title = "Webhooks cannot be sent there"
    remedy = "Use an https address on port 443 or 8443 with a public host name."


class UnknownEvents(Invalid):
    """Event names nobody tells."""

    code = "unknown_events"
    title = "Some of these events do not exist"


class TooManyEndpoints(Conflict):
    """The merchant has as many endpoints as it may have."""

    code = "too_many_endpoints"
    title = "This is one endpoint too many"
    remedy = "Delete one that is not used."


class EndpointOff(Conflict):
    """The endpoint is switched off."""

    code = "endpoint_disabled"
    title = "This endpoint is switched off"
    remedy = "Switch it on first."
