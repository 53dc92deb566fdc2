"""The parts of the worker over a real tgtd, which is killed."""

import os
import shutil
import signal
from collections.abc import Iterator

import pytest

from appliance import config
from appliance.db import connection
from storage.blocks.tgt import Tgt
from storage.blocks.tgtd import Tgtd
from tests import cloud
from tests.services.volume.host import Host

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif(not shutil.which("tgtd"), reason="tgtd is missing"),
]


@pytest.fixture
def port() -> int:
    return cloud.free_ports(1)[0]


@pytest.fixture
def tgtd(settings: config.Settings, port: int) -> Iterator[Tgtd]:
    server = Tgtd(settings.home / "tgt", address="127.0.0.1", port=port)
    yield server
    server.end()


@pytest.fixture
def host(settings: config.Settings, db: connection.Database, tgtd: Tgtd, port: int) -> Host:
    exporter = Tgt(settings.home / "tgt", address="127.0.0.1", port=port)
    return Host(settings, db, exporter=exporter)


def test_what_a_killed_tgtd_showed_is_shown_again(host: Host, tgtd: Tgtd) -> None:
    volume = host.attached(host.add_instance())
    before, pid = host.exporter.shown(), tgtd.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    cloud.eventually(lambda: tgtd.pid() is None, timeout_s=10, what="tgtd is gone")
    host.reconciler.look()

    assert host.exporter.shown() == before
    assert list(before) == [volume.id]
    assert tgtd.pid() not in (None, pid)
