"""`novabox explain`, `capacity`, `plan`: the lines, the exit status, against a real API process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from appliance import config, credentials, keystone
from appliance.db import connection, hosts
from tests.cloud import eventually, free_ports
from tests.services.api import clouds
from tui.client import plans
from tui.tell import __main__ as entry
from tui.tell import sentences

DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[config.Settings]:
    """An API process of a cloud with one host and one server that waits for it."""
    home = tmp_path_factory.mktemp("tell")
    (port,) = free_ports(1)
    (home / "novabox.toml").write_text(f'host = "box1"\n[api]\nport = {port}\n')
    settings = config.load(home)
    tokens = clouds.first_start(settings)
    cloud = clouds.opened(settings, tokens)
    cloud.add_host()
    cloud.run(name="web", flavorRef="4")
    cloud.db.close()
    environ = os.environ | {"NOVABOX_HOME": str(home)}
    with subprocess.Popen([sys.executable, "-m", "services.api"], env=environ) as child:
        eventually(lambda: _answers(settings.api_url), timeout_s=DEADLINE_S, what="it answers")
        yield settings
        child.kill()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthcheck").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture
def tell(
    api: config.Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Run a command as demo: exit status, standard output, standard error."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    for name, value in credentials.openstack_environment(api, "demo").items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> tuple[int, str, str]:
        status = entry.main(words)
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def test_a_server_that_waits_says_for_what(tell: Any) -> None:
    status, out, _ = tell("explain", "instance", "web")

    assert status == 0
    assert out.startswith("BUILD: Step 1 of 3: choosing a host.\n")
    assert "service scheduler: has never reported in" in out
    assert "novabox trace req-" in out


def test_what_was_done_is_listed_undone_and_done_again(tell: Any, api: config.Settings) -> None:
    with httpx2.Client(base_url=api.api_url, headers=_token(api)) as client:
        for verb in (client.post, client.delete):
            path = "/compute/v2.1/os-keypairs"
            keypair = {"json": {"keypair": {"name": "mine"}}} if verb == client.post else {}
            assert verb(path + "/mine" * (not keypair), **keypair).status_code in (200, 202)

        listed = tell("journal", "--limit", "2")
        undone = tell("undo")
        assert client.get("/compute/v2.1/os-keypairs/mine").status_code == 200
        redone = tell("redo")
        assert client.get("/compute/v2.1/os-keypairs/mine").status_code == 404
        entry = json.loads(tell("journal", "--json", "--limit", "4")[1])["entries"][-1]
        status, out, err = tell("redo", entry["id"])

    assert listed[0] == 0
    head, deleted, *_ = listed[1].splitlines()
    assert head.split() == ["AT", "USER", "CLIENT", "STATE", "UNDO", "WHAT"]
    assert deleted.split()[1:] == ["demo", "httpx2", "done", "yes", "delete", "key", "pair", "mine"]
    assert undone[1].startswith("undone: delete key pair mine\n  novabox redo ")
    assert redone[1].startswith("done again: delete key pair mine\n  novabox undo ")
    assert (status, out) == (1, "")
    assert "cannot be undone: delete it instead" in err


def test_nothing_to_undo_is_said(tell: Any) -> None:
    status, out, err = tell("redo")

    assert (status, out) == (1, "")
    assert "nothing to redo: `novabox journal` shows what was done" in err


def _token(api: config.Settings) -> dict[str, str]:
    return {"X-Auth-Token": keystone.Session(api, "demo").token().id}


def test_scripts_get_json(tell: Any) -> None:
    _, out, _ = tell("explain", "host", "box1", "--json")

    assert json.loads(out)["explanation"]["state"] == "up"


def test_what_is_not_there_fails_with_a_sentence(tell: Any) -> None:
    status, out, err = tell("explain", "volume", "nope")

    assert (status, out) == (1, "")
    assert err.startswith("novabox: ")
    assert "nope could not be found" in err


def test_capacity_says_what_fits_and_what_is_imagined(tell: Any) -> None:
    status, out, _ = tell("capacity", "--imagine", "m1.small")

    assert status == 0
    assert "RAM   2.0G of 8.0G" in out
    assert "vCPU  1 of 64  (×16 of 4)" in out
    assert "one more m1.small would go to box1" in out
    assert "m1.medium ×1" in out
    assert "m1.xlarge ✗ box1: needs 8 vCPUs, the host has 4" in out
    assert "quota of demo\n  instances 1/10, cores 4/20" in out


def test_a_plan_to_run_shows_host_quota_and_image(tell: Any, api: config.Settings) -> None:
    image = _image(api)
    status, out, _ = tell("plan", "run", "--image", image, "--flavor", "m1.tiny", "web-2")

    assert status == 0
    assert out.startswith("would run on box1\n")
    assert "● RAM 0M + 512M of 8.0G" in out
    assert "● instances 1 → 2 of 10" in out


def test_a_plan_that_would_be_refused_fails(
    tell: Any, api: config.Settings, tmp_path: Path
) -> None:
    data = tmp_path / "user-data"
    data.write_text("#!/bin/sh\n")
    status, out, _ = tell(
        "plan", "run", "--image", _image(api), "--flavor", "m1.tiny", "--count", "50",
        "--user-data", str(data), "--security-group", "default",
    )  # fmt: skip

    assert status == 1
    assert "✗ instances 1 → 51 of 10" in out
    assert "refused: Quota exceeded for cores, instances" in out


def test_a_plan_to_delete_says_what_goes(tell: Any, api: config.Settings) -> None:
    database = connection.open_db(api.home)
    row = database.row("SELECT id FROM instances")
    database.close()
    assert row
    status, out, _ = tell("plan", "delete", "instance", row["id"])

    assert status == 0
    assert out.splitlines()[0].split() == [
        "instance", "web", "is", "switched", "off", "and", "gone",
    ]  # fmt: skip
    assert "frees 80.0 GiB" in out


def test_a_plan_to_attach_what_is_not_there_is_refused(tell: Any) -> None:
    for verb in ("attach", "detach"):
        status, out, _ = tell("plan", verb, "no", "no")
        assert (status, "could not be found" in out) == (1, True)


def test_a_file_that_is_not_there_and_a_cloud_that_is_down(
    tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _, err = tell(
        "plan", "run", "--image", "x", "--flavor", "y", "--user-data", "/nowhere/file"
    )
    assert (status, "/nowhere/file" in err) == (1, True)
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:1/identity/v3")
    status, _, err = tell("capacity")
    assert (status, "127.0.0.1:1" in err) == (1, True)


def test_the_command_starts_without_textual_and_rich() -> None:
    look = (
        "import sys, tui.tell.__main__; print([m for m in ('textual', 'rich') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_a_forecast_says_that_it_is_a_straight_line() -> None:
    body = {"forecasts": [{"resource": "memory_mib", "per_day": 9, "full_in_s": 9 * 86400 + 5,
                           "fit": 0.9}]}  # fmt: skip

    assert sentences.capacity(plans.capacity(body))[-1] == (
        "RAM will be given away in 9d, at the rate of late (a straight line)"
    )


def _image(settings: config.Settings) -> str:
    database = connection.open_db(settings.home)
    row = database.row("SELECT id FROM images")
    assert hosts.all_hosts(database)
    database.close()
    assert row
    return str(row["id"])
