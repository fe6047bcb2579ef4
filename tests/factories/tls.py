"""Who is trusted behind an https address."""

import ssl
from functools import cache


@cache
def trusted() -> ssl.SSLContext:
    """The authorities this machine trusts; reading them takes 20 ms, so once for all tests of a process."""
    return ssl.create_default_context()
