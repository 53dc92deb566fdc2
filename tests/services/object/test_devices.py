"""Devices in the configuration: what a user may write, and what is refused."""

import pytest

from appliance import errors
from services.object import devices
from storage.objects.ring import Wish


def test_a_folder_may_have_a_weight_and_a_zone():
    texts = ("/disk1", "/disk2 weight=2.5", "/disk3 zone=shelf weight=0")

    assert devices.parse(texts) == [
        Wish(directory="/disk1"),
        Wish(directory="/disk2", weight=2.5),
        Wish(directory="/disk3", weight=0.0, zone="shelf"),
    ]


@pytest.mark.parametrize("text", ["disk1", "/disk1 wait=2", "/disk1 weight=heavy", "../x", ""])
def test_whatever_else_is_refused_with_the_form(text: str):
    with pytest.raises(errors.ConfigError, match=r"object\.devices"):
        devices.parse([text])
