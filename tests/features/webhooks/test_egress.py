"""What merchants' addresses can and cannot make us connect to."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.webhooks.egress import Egress, is_public, pinned, read_url
from doorstep.features.webhooks.errors import UnsafeUrl

NONE: frozenset[str] = frozenset()
UNSAFE = [
    # Not https, not our ports, somebody else's schemes.
    "http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "gopher://hooks.example.com/",
    "https://hooks.example.com:22/", "https://hooks.example.com:80/", "https://hooks.example.com:0/",
    "https://hooks.example.com:65536/", "https://hooks.example.com:8443x/", "//hooks.example.com/", "hooks.example.com",
    "https:///path", "https://", "javascript:alert(1)", "https:hooks.example.com",
    # Users, fragments, backslashes, white space: where two parsers disagree.
    "https://hooks.example.com@127.0.0.1/", "https://127.0.0.1@hooks.example.com/", "https://a:b@hooks.example.com/",
    "https://hooks.example.com#@127.0.0.1/", "https://hooks.example.com/#x", "https://hooks.example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.example.com/", "https://hooks.example.com\t/", "https://hooks.example.com/\r\nHost: x",
    " https://hooks.example.com/", "https://hooks.example.com/a b", "https://127。0。0。1/", "https://①②⑦.0.0.1/",
    "https://hooks.exampl\u0435.com/", "https://hooks.example.com\x00.evil.com/",
    # This machine and its network, in every spelling.
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://0/", "https://0.0.0.0/", "https://2130706433/",
    "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.01/",
    "https://127.000.000.001/", "https://1.1.1.1.1/", "https://256.1.1.1/", "https://127.0.0.1./", "https://localhost/",
    "https://LOCALHOST/", "https://localhost./", "https://a.localhost/", "https://printer/", "https://printer.local/",
    "https://vault.internal/", "https://metadata.google.internal/", "https://router.lan/", "https://nas.home.arpa/",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest/",
    "https://100.64.0.1/", "https://100.100.100.200/", "https://192.0.0.192/", "https://192.0.2.1/", "https://198.18.0.1/",
    "https://198.51.100.1/", "https://203.0.113.1/", "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/",
    "https://255.255.255.255/", "https://192.88.99.1/", "https://168.63.129.16/",
    # The same through version 6.
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
    "https://[0:0:0:0:0:ffff:a9fe:a9fe]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/", "https://[2001:db8::1]/", "https://[3fff::1]/",
    "https://[100::1]/", "https://[fec0::1]/", "https://[::ffff:0:127.0.0.1]/", "https://[::1/", "https://::1/",
]  # fmt: skip
SAFE = [
    ("https://hooks.example.com", "hooks.example.com", 443, "/"),
    ("https://HOOKS.Example.com:8443/a/b?c=d&e=%20", "hooks.example.com", 8443, "/a/b?c=d&e=%20"),
    ("https://xn--bcher-kva.example/x", "xn--bcher-kva.example", 443, "/x"),
    ("https://93.184.216.34/hook", "93.184.216.34", 443, "/hook"),
    ("https://[2606:2800:220:1:248:1893:25c8:1946]/", "2606:2800:220:1:248:1893:25c8:1946", 443, "/"),
]


def test_the_table_is_long_enough() -> None:
    assert len(set(UNSAFE)) >= 40


@pytest.mark.parametrize("url", UNSAFE)
def test_unsafe(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        read_url(url, NONE)


@pytest.mark.parametrize(("url", "host", "port", "path"), SAFE)
def test_safe(url: str, host: str, port: int, path: str) -> None:
    target = read_url(url, NONE)
    assert (target.host, target.port, target.path, target.allowed) == (host, port, path, False)


def test_only_the_exact_pair_is_outside_the_rule() -> None:
    allow = frozenset({"127.0.0.1:9100"})
    assert read_url("http://127.0.0.1:9100/x", allow).allowed
    for url in (
        "http://127.0.0.1:9101/",
        "http://127.0.0.2:9100/",
        "http://localhost:9100/",
        "http://127.0.0.1/",
    ):
        with pytest.raises(UnsafeUrl):
            read_url(url, allow)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_address_that_python_calls_private_is_public(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4))
def test_no_version_4_address_hides_in_version_6(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for shape in (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert not is_public(str(ipaddress.IPv6Address(shape)))


@dataclass
class Names:
    """A name server whose answers change from question to question."""

    answers: list[list[str]]
    asked: int = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def test_every_address_of_a_name_must_be_public() -> None:
    target = read_url("https://hooks.example.com/", NONE)
    for found in (
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
    ):
        with pytest.raises(UnsafeUrl):
            await pinned(target, Names([found]))
    assert await pinned(target, Names([["93.184.216.34"]])) == "93.184.216.34"
    with pytest.raises(OSError, match="no address"):
        await pinned(target, Names([[]]))


@dataclass
class Door:
    """A plain server on this machine that notes who knocks and what is said."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length")
            )
            self.heard.append(head + await reader.readexactly(length))
            writer.write(self.answer)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def door(tls: ssl.SSLContext | None = None) -> AsyncIterator[Door]:
    opened = Door()
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0, ssl=tls)
    opened.port = server.sockets[0].getsockname()[1]
    async with server:
        yield opened


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """DNS rebinding: public when checked, this machine a moment later. The name is asked once only."""
    async with door() as inside:
        names = Names([["192.0.2.1"], ["127.0.0.1"]])
        way = Egress(resolver=names, timeout_s=1)
        answer = await way.post("https://rebind.example.com/", "{}", {}, NONE)
        assert answer.error.startswith("not sent")
        names = Names([["127.0.0.1"], ["93.184.216.34"]])
        answer = await Egress(resolver=names, timeout_s=1).post(
            "https://rebind.example.com:8443/", "{}", {}, NONE
        )
        assert (answer.status, names.asked) == (None, 1)
        assert inside.heard == []
        await way.close()


def _certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for ``name`` and a client's that trusts nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client


async def test_the_connection_goes_to_the_address_and_tls_keeps_the_name(tmp_path: Path) -> None:
    server, client = _certificate("hooks.example.com", tmp_path)
    async with door(server) as receiver:
        allow = frozenset({f"hooks.example.com:{receiver.port}", f"other.example.com:{receiver.port}"})
        way = Egress(resolver=Names([["127.0.0.1"]]), tls=client, timeout_s=5)
        answer = await way.post(
            f"https://hooks.example.com:{receiver.port}/in?x=1", '{"a":1}', {"X-A": "b"}, allow
        )
        assert (answer.status, answer.error) == (204, "")
        said = receiver.heard[0].decode().lower()
        assert said.startswith("post /in?x=1 ")
        assert f"host: hooks.example.com:{receiver.port}" in said
        assert said.endswith('{"a":1}')
        wrong = await way.post(f"https://other.example.com:{receiver.port}/", "{}", {}, allow)
        assert wrong.status is None
        assert "certificate" in wrong.error.lower()
        assert len(receiver.heard) == 1
        await way.close()


async def test_redirects_are_failures_and_long_answers_are_cut() -> None:
    async with door() as inside, door() as receiver:
        way = Egress(timeout_s=2)
        allow = frozenset({f"127.0.0.1:{receiver.port}"})
        receiver.answer = (
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside.port}/\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n"
        ).encode()
        moved = await way.post(f"http://127.0.0.1:{receiver.port}/", "{}", {}, allow)
        assert (moved.status, inside.heard) == (302, [])
        receiver.answer = b"HTTP/1.1 500 No\r\nConnection: close\r\n\r\n" + b"x" * 5_000_000
        long = await way.post(f"http://127.0.0.1:{receiver.port}/", "{}", {}, allow)
        assert (long.status, len(long.snippet)) == (500, 1024)
        await way.close()


async def test_a_silent_receiver_is_left_after_a_while() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        way = Egress(timeout_s=0.2)
        answer = await way.post(f"http://127.0.0.1:{port}/", "{}", {}, frozenset({f"127.0.0.1:{port}"}))
        assert (answer.status, answer.error) == (None, "no answer within 0.2 s")
        await way.close()
        await asyncio.sleep(0.4)
