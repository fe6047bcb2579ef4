"""The network's own key towards push services (VAPID, RFC 8292), made from the secret of that purpose."""

from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from webpush.vapid import VAPID

from doorstep.platform.secrets import Secrets

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Points of P-256 (FIPS 186-5): a private key lies between one and one less."""


@dataclass(frozen=True, slots=True)
class Vapid:
    """Both halves as PEM, and the public one as browsers want it."""

    private_pem: bytes
    public_pem: bytes
    application_server_key: str


def vapid(secrets: Secrets) -> Vapid:
    """The same key for the same secret, in every process: phones that subscribed to it stay subscribed."""
    return _vapid(secrets.sign("push", b"vapid"))


@lru_cache(maxsize=4)
def _vapid(seed: bytes) -> Vapid:
    private = ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1())
    public = private.public_key()
    return Vapid(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        VAPID.get_application_server_key(public),
    )
