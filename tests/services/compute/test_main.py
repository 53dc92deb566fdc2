"""The process itself, on the fake hypervisor."""

import os
import subprocess
import sys

import pytest

from appliance import config
from appliance.db import connection, hosts
from appliance.model.states import PowerState
from services.compute.driver import GuestSpec
from services.compute.fake import Fake
from tests.contract.test_compute_driver import guest


def run(settings: config.Settings, mode: str) -> None:
    (settings.home / "novabox.toml").write_text('host = "box1"\n[compute]\ndriver = "fake"\n')
    subprocess.run(
        [sys.executable, "-m", "services.compute", mode],
        env=os.environ | {"NOVABOX_HOME": str(settings.home)}, check=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def running(settings: config.Settings) -> tuple[Fake, GuestSpec]:
    driver = Fake(settings.home / "compute" / "fake")
    spec = guest(settings.home)
    driver.spawn(spec)
    return driver, spec


def test_one_round_reports_the_host(settings: config.Settings, db: connection.Database) -> None:
    run(settings, "once")

    assert [row.name for row in hosts.all_hosts(db)] == ["box1"]


def test_shutdown_and_clear_need_no_database(
    settings: config.Settings, running: tuple[Fake, GuestSpec]
) -> None:
    driver, spec = running
    run(settings, "shutdown")
    assert driver.power_state(spec.instance_id) is PowerState.SHUTDOWN

    run(settings, "clear")
    assert dict(driver.guests()) == {}
