"""The cloud has one certificate, for ever; what was encrypted for another one is refused."""

from pathlib import Path

import pytest
from cryptography import x509

from appliance import errors
from services.image import certificate
from tests.services.image import bundling


def test_it_is_made_once_and_everybody_may_read_it_but_not_the_key(tmp_path: Path):
    certificate.ensure(tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    certificate.ensure(tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"cloud-key.pem": 0o600, "cloud-cert.pem": 0o644}


def test_a_first_start_that_was_cut_off_is_finished(tmp_path: Path):
    certificate.ensure(tmp_path)
    key = (tmp_path / "cloud-key.pem").read_bytes()
    old = x509.load_pem_x509_certificate(certificate.path(tmp_path).read_bytes())
    certificate.path(tmp_path).unlink()

    certificate.ensure(tmp_path)

    new = x509.load_pem_x509_certificate(certificate.path(tmp_path).read_bytes())
    assert (tmp_path / "cloud-key.pem").read_bytes() == key
    assert new.public_key() == old.public_key()


def test_what_was_encrypted_for_another_cloud_is_refused(tmp_path: Path):
    certificate.ensure(tmp_path / "ours")
    made = bundling.bundle(b"image", tmp_path / "theirs")

    with pytest.raises(errors.BadRequest, match="another certificate than this cloud's"):
        certificate.Opener(tmp_path / "ours").open(made.fields["ec2_encrypted_key"])


@pytest.mark.parametrize("text", ["", "00", "ab" * 256])
def test_what_is_not_encrypted_at_all_is_refused(tmp_path: Path, text: str):
    certificate.ensure(tmp_path)

    with pytest.raises(errors.BadRequest, match="another certificate"):
        certificate.Opener(tmp_path).open(text)


def test_a_cloud_without_a_key_says_so(tmp_path: Path):
    with pytest.raises(errors.ConfigError, match=r"cloud-key\.pem"):
        certificate.Opener(tmp_path).open("00")
