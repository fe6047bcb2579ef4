"""Sending to addresses that strangers chose: only to public machines, only where they said, nothing else.

The address is taken apart here and put together again, so no second parser can understand it differently. The
name is resolved once, every address found must be public, and the connection goes to that very address (the
name stays in TLS and in the Host header), so a name that changes its mind between check and use gains nothing.
Redirects are not followed, no proxy of the environment is used, the answer is read up to a limit.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from doorstep.features.webhooks.errors import UnsafeUrl
from doorstep.features.webhooks.rules import ANSWER_MOST, SNIPPET, TIMEOUT_S

PORTS = frozenset({443, 8443})
_NAME = re.compile(
    r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
_PRIVATE_NAMES = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".onion",
    ".test",
    ".invalid",
)
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
# Parts of 2000::/3 that carry other addresses inside or belong to nobody (IANA special-purpose registry).
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarking, protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
        "192.0.0.0/24",  # protocol assignments; a cloud keeps its metadata here
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # a cloud's own machine room behind a public address
    )
)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host name."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. ``host`` is lower case; a v6 literal without brackets."""

    scheme: str
    host: str
    port: int
    path: str  # with the query
    allowed: bool  # named by the operator: outside the rule

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` is None when nothing did."""

    status: int | None
    latency_ms: int
    error: str = ""
    snippet: str = ""
    retry_after: str | None = None


def is_public(text: str) -> bool:
    """Whether ``text`` is an IP address of the open internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address not in _PUBLIC_V6 or address.scope_id):
        return False  # outside lie loopback, link-local, unique local, mapped and translated IPv4, multicast
    if any(address.version == network.version and address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def read_url(url: str, allow: frozenset[str]) -> Target:
    """Take ``url`` apart. Raises UnsafeUrl unless it is https on 443 or 8443 to a public name or address.

    ``allow`` holds exact ``host:port`` pairs outside the rule, which may also be plain http.
    """
    if len(url) > 2000 or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise UnsafeUrl("The address has characters that do not belong into one.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UnsafeUrl("The address cannot be read.") from error
    if (
        parts.scheme not in {"https", "http"}
        or "@" in parts.netloc
        or not parts.hostname
        or parts.fragment
        or "#" in url
    ):
        raise UnsafeUrl("The address must look like https://host/path, without a user or a fragment.")
    host = parts.hostname.lower()
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.startswith("/"):
        raise UnsafeUrl("The address cannot be read.")
    if f"{host}:{port}" in allow:
        return Target(parts.scheme, host, port, path, allowed=True)
    if parts.scheme != "https":
        raise UnsafeUrl("Only https is sent to.")
    if port not in PORTS:
        raise UnsafeUrl(f"Port {port} is not sent to: only 443 and 8443.")
    if parts.netloc.startswith("["):
        if not is_public(host):
            raise UnsafeUrl("This address is not on the open internet.")
    elif re.fullmatch(r"[0-9.]+", host):
        # Only the plain dotted form: 0177.0.0.1, 127.1 and 2130706433 mean different things to different readers.
        if not re.fullmatch(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}", host) or not is_public(host):
            raise UnsafeUrl("This address is not on the open internet.")
    elif not _NAME.fullmatch(host) or f".{host}".endswith(_PRIVATE_NAMES):
        raise UnsafeUrl("This host has no public name.")
    return Target("https", host, port, path, allowed=False)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def pinned(target: Target, resolver: Resolver) -> str:
    """The one address to connect to. Raises UnsafeUrl when any address of the name is not public, OSError when it has none."""
    try:
        ipaddress.ip_address(target.host)
    except ValueError:
        found = await resolver(target.host, target.port)
    else:
        found = [target.host]
    if not found:
        raise OSError(f"{target.host} has no address")
    if not target.allowed and not all(is_public(address) for address in found):
        raise UnsafeUrl("This name leads to an address that is not on the open internet.")
    return found[0]


class Egress:
    """The way out. One per process."""

    def __init__(
        self,
        *,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """``tls`` replaces the usual authorities; tests bring their own."""
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._tls = tls
        self._http: httpx.AsyncClient | None = None

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                verify=self._tls if self._tls is not None else True,
                trust_env=False,
                follow_redirects=False,
                timeout=self._timeout_s,
                # Connections are not kept: one to an address was proven for one name only.
                limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
            )
        return self._http

    async def post(
        self, url: str, body: str | bytes, headers: Mapping[str, str], allow: frozenset[str]
    ) -> Answer:
        """Send ``body`` to ``url``; whatever goes wrong is part of the answer, never raised."""
        started = time.perf_counter()

        def took() -> int:
            return round((time.perf_counter() - started) * 1000)

        try:
            async with asyncio.timeout(self._timeout_s):
                target = read_url(url, allow)
                address = await pinned(target, self._resolver)
                return await self._send(target, address, body, headers, took)
        except UnsafeUrl as refusal:
            return Answer(None, took(), f"not sent: {refusal.detail}")
        except TimeoutError:
            return Answer(None, took(), f"no answer within {self._timeout_s:g} s")
        except httpx.TimeoutException:
            return Answer(None, took(), f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, OSError, ssl.SSLError) as error:
            return Answer(None, took(), f"{type(error).__name__}: {error}"[:300])

    async def _send(
        self,
        target: Target,
        address: str,
        body: str | bytes,
        headers: Mapping[str, str],
        took: Callable[[], int],
    ) -> Answer:
        literal = f"[{address}]" if ":" in address else address
        request = self._client().build_request(
            "POST",
            f"{target.scheme}://{literal}:{target.port}{target.path}",
            content=body.encode() if isinstance(body, str) else body,
            headers={
                **headers,
                "Host": target.authority,
                "User-Agent": "Doorstep-Webhooks/1",
                "Accept-Encoding": "identity",
            },
            extensions={"sni_hostname": target.host},
        )
        response = await self._client().send(request, stream=True)
        try:
            read = bytearray()
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= ANSWER_MOST:
                    break
            return Answer(
                response.status_code,
                took(),
                snippet=bytes(read[:SNIPPET]).decode("utf-8", "replace").replace("\x00", ""),
                retry_after=response.headers.get("retry-after"),
            )
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close what is open."""
        if self._http is not None:
            await self._http.aclose()
