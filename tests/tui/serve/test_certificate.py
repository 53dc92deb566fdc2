"""The self-made certificate: one that a client who was told of it accepts, and kept for that."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from tui.serve import certificate


def test_it_is_kept_while_it_is_good_for_the_hosts(tmp_path: Path) -> None:
    path = tmp_path / "state" / "serve.pem"
    first = certificate.ensure(path, ["localhost", "127.0.0.1"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert certificate.ensure(path, ["localhost"]) == first
    assert certificate.ensure(path, ["localhost", "box1.lan"]) != first
    names = (
        x509.load_pem_x509_certificate(path.read_bytes())
        .extensions.get_extension_for_class(x509.SubjectAlternativeName)
        .value
    )
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "box1.lan"]


def test_a_broken_one_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "serve.pem"
    path.write_text("no certificate")
    assert len(certificate.ensure(path, ["::1"])) == 32 * 3 - 1
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(path)


def test_one_that_ends_soon_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "serve.pem"
    with monkeypatch.context() as patch:
        patch.setattr(certificate, "_LASTS", certificate._RENEW_BEFORE)
        first = certificate.ensure(path, ["localhost"])
    assert certificate.ensure(path, ["localhost"]) != first
