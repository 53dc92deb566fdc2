"""Data keys are sealed by the cloud or under another's key, and their streams are AES-256-CTR."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from appliance import errors
from services.identity import keys
from services.identity.api import data_keys
from services.identity.api.data_keys import DataKeys, StreamCipher


@pytest.fixture
def box(tmp_path: Path) -> DataKeys:
    keys.ensure(tmp_path)
    return DataKeys(tmp_path)


def test_it_is_aes_256_in_counter_mode():
    # NIST SP 800-38A, F.5.5: CTR-AES256.Encrypt, first two blocks
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    counter = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    kept = "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
    cipher = StreamCipher(key + counter)
    assert cipher.hide(plain, offset=0).hex() == kept
    assert cipher.hide(plain[20:], offset=20).hex() == kept[40:]


def test_the_counter_goes_round():
    key, first = os.urandom(32), bytes([255]) * 16
    data = os.urandom(100)
    whole = Cipher(algorithms.AES256(key), modes.CTR(first)).encryptor().update(data)
    cipher = StreamCipher(key + first)
    for cut in (0, 1, 16, 17, 99):
        pieces = cipher.hide(data[:cut], offset=0) + cipher.hide(data[cut:], offset=cut)
        assert pieces == whole
        assert cipher.show(whole[cut:], offset=cut) == data[cut:]


def test_what_the_cloud_sealed_it_opens_and_nobody_else(box, tmp_path):
    cipher, sealed = box.new()
    kept = cipher.hide(b"hello", offset=7)
    assert DataKeys(tmp_path).open(sealed).show(kept, offset=7) == b"hello"
    other = tmp_path / "other"
    keys.ensure(other)
    with pytest.raises(errors.Unavailable):
        DataKeys(other).open(sealed)


def test_what_is_sealed_under_a_key_needs_that_key():
    key = os.urandom(32)
    cipher, sealed = data_keys.seal_under(key)
    kept = cipher.hide(b"hello", offset=0)
    assert data_keys.open_with(key, sealed).show(kept, offset=0) == b"hello"
    for wrong, text in ((os.urandom(32), sealed), (key, sealed[:-4]), (key, "%"), (key, "")):
        with pytest.raises(data_keys.WrongKey):
            data_keys.open_with(wrong, text)


def test_no_two_keys_are_the_same(box):
    data = bytes(64)
    made = [box.new()[0], box.new()[0], data_keys.seal_under(bytes(32))[0],
            data_keys.seal_under(bytes(32))[0]]  # fmt: skip
    assert len({cipher.hide(data, offset=0) for cipher in made}) == 4


def test_without_keys_of_the_cloud_it_says_what_to_do(tmp_path):
    with pytest.raises(errors.ConfigError, match="novabox up"):
        DataKeys(tmp_path / "nowhere")
