"""The cloud's certificate, for which users encrypt their bundles, and the key that opens them.

Clients know the certificate as EC2_CERT: `euca-bundle-image --ec2cert etc/cloud-cert.pem`.
"""

import datetime
import os
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from appliance import clock, errors

KEY_BITS: Final = 2048
BLOCK_BYTES: Final = 16  # what a bundle keeps encrypted: a key or an IV of AES-128
_LIFE: Final = datetime.timedelta(days=7300)  # nobody checks its end: bundlers take its key alone


def path(etc_dir: Path) -> Path:
    """The file with the certificate."""
    return etc_dir / "cloud-cert.pem"


def ensure(etc_dir: Path) -> None:
    """Make key and certificate unless they are there. A crash leaves the key, or both."""
    etc_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _key_path(etc_dir).exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        _write(_key_path(etc_dir), _pem(key), mode=0o600)
    if not path(etc_dir).exists():
        certificate = _certificate(_key(etc_dir))
        _write(path(etc_dir), certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


class Opener:
    """Decrypts with the cloud's key, which is read each time: it is needed once an import."""

    def __init__(self, etc_dir: Path) -> None:
        self._etc_dir = etc_dir

    def open(self, encrypted: str) -> bytes:
        """The sixteen bytes behind `encrypted`: in hexadecimal without and within (ec2-ami-tools).

        Raises BadRequest when it was encrypted for another certificate, ConfigError without a key.
        """
        key = _key(self._etc_dir)
        try:
            opened = key.decrypt(bytes.fromhex(encrypted), padding.PKCS1v15())
            block = bytes.fromhex(opened.decode("ascii"))
        except ValueError as error:
            raise _foreign(self._etc_dir) from error
        if len(block) != BLOCK_BYTES:
            raise _foreign(self._etc_dir)
        return block


def _foreign(etc_dir: Path) -> errors.BadRequest:
    return errors.BadRequest(
        "The bundle's key was encrypted for another certificate than this cloud's; "
        f"bundle again with --ec2cert {path(etc_dir)}."
    )


def _key_path(etc_dir: Path) -> Path:
    return etc_dir / "cloud-key.pem"


def _key(etc_dir: Path) -> rsa.RSAPrivateKey:
    file = _key_path(etc_dir)
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise errors.ConfigError(f"{file}: no key of the cloud's certificate ({error})") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise errors.ConfigError(f"{file}: the key of the cloud's certificate is not RSA")
    return key


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Signed by itself, as Nova's and Eucalyptus' are."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "novabox")])
    begins = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - datetime.timedelta(days=1))
        .not_valid_after(begins + _LIFE)
        .sign(key, hashes.SHA256())
    )


def _write(file: Path, data: bytes, *, mode: int) -> None:
    """The file is there whole or not at all."""
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        os.fchmod(out.fileno(), mode)
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
