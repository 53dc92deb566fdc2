"""Bytes that wait on this host: whole or not at all, found by their name, and let go of."""

import dataclasses
import io
import os

import pytest

from appliance import clock, config, errors
from services.image.staging import Staging
from tests.services.image import disks

DATA = disks.raw(100_000)


@pytest.fixture
def staging(settings: config.Settings) -> Staging:
    image = dataclasses.replace(settings.image, size_bytes_max=1 << 20)
    return Staging(dataclasses.replace(settings, image=image))


def test_bytes_wait_under_a_name_of_their_own(staging: Staging):
    first, second = staging.add("i1", io.BytesIO(DATA)), staging.add("i1", io.BytesIO(b"other"))

    assert first != second
    assert all(name.startswith("i1-") for name in (first, second))
    assert (staging.size_bytes(first), staging.size_bytes(second)) == (len(DATA), 5)
    assert b"".join(staging.chunks(first)) == DATA
    staging.remove(first)
    staging.remove(first)
    assert (staging.size_bytes(first), staging.size_bytes(second)) == (None, 5)


def test_more_than_is_accepted_leaves_nothing(staging: Staging):
    with pytest.raises(errors.TooLarge, match="more bytes than are accepted"):
        staging.add("i1", io.BytesIO(bytes(2 << 20)))
    assert staging.names(older_than_s=-60) == []


def test_bytes_that_are_gone_are_an_error(staging: Staging):
    with pytest.raises(errors.StoreError, match="no file"):
        list(staging.chunks("i1-00000000"))


def test_no_name_leads_out_of_the_folder(staging: Staging, settings: config.Settings):
    outside = settings.home / "secret"
    outside.write_bytes(b"secret")

    assert staging.path("../secret").parent == settings.home / "staging"
    with pytest.raises(errors.StoreError):
        list(staging.chunks("../secret"))
    staging.remove("../secret")
    assert outside.exists()


def test_only_what_has_waited_long_is_named(staging: Staging):
    old, new = staging.add("i1", io.BytesIO(DATA)), staging.add("i2", io.BytesIO(DATA))
    os.utime(staging.path(old), (clock.now() - 100,) * 2)

    assert staging.names(older_than_s=60) == [old]
    assert sorted(staging.names(older_than_s=-60)) == sorted([old, new])
