"""A certificate that this server makes for itself, and keeps: browsers can know it again."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_LASTS: Final = timedelta(days=365)
_RENEW_BEFORE: Final = timedelta(days=14)


def ensure(path: Path, hosts: list[str]) -> str:
    """Have a certificate of ``hosts`` with its key in ``path``; return its SHA-256 fingerprint.

    One that is there and good for all ``hosts`` is kept: people have told their browsers of it.
    """
    certificate = _kept(path, hosts) or _make(path, hosts)
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _kept(path: Path, hosts: list[str]) -> x509.Certificate | None:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_good = certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE
    return certificate if is_good and set(_names(hosts)) <= set(names) else None


def _make(path: Path, hosts: list[str]) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "novabox serve")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + _LASTS)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(certificate.public_bytes(serialization.Encoding.PEM) + encoded)
    fresh.replace(path)
    return certificate


def _names(hosts: list[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names
