"""`novabox up --detach`, the first time: the passwords are told to who asked, and to no log."""

import json

import pytest

from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.timeout(120)]

FAKES = {"compute": {"driver": "fake"}, "network": {"driver": "fake"}, "volume": {"export": "fake"}}


def test_the_passwords_are_on_the_terminal_once_and_in_no_log() -> None:
    if reason := clouds.missing():
        pytest.skip(reason)
    cloud = clouds.Cloud(FAKES)
    try:
        first = cloud.novabox("up", "--detach")
        cloud.openstack("token", "issue")
        cloud.novabox("down")
        again = cloud.novabox("up", "--detach")

        kept = json.loads((cloud.home / "etc/credentials.json").read_text())
        passwords = [kept[name]["password"] for name in ("admin", "demo")]
        logs = [path for path in (cloud.home / "log").iterdir() if path.stat().st_size]
        assert [password in first for password in passwords] == [True, True]
        assert [password in again for password in passwords] == [False, False]
        assert len(logs) > 3
        assert not any(word in path.read_text() for path in logs for word in passwords)
    finally:
        cloud.close()
