"""The commands that need no cloud that is up, in this process: what they print, how they end."""

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from appliance import config, context, credentials, errors, ids, trace
from appliance.cli import main as cli
from tests.cloud import free_ports

NOBODY = 65534


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVABOX_HOME", str(home))


@pytest.fixture
def request_id(home: Path) -> ids.RequestId:
    """A request of two hops, the second of which failed."""
    request = context.RequestContext()
    trace.start(home, "api", hops_max=1000)
    token = context.current.set(request)
    with (
        pytest.raises(errors.HypervisorError),
        trace.hop("http", "POST /servers", target="api", source="client"),
        trace.hop("driver", "define domain", target="libvirt"),
    ):
        raise errors.HypervisorError("no such machine type")
    context.current.reset(token)
    trace.flush()
    return request.request_id


@pytest.fixture
def _nobody() -> Iterator[None]:
    """The test runs without root's rights."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except PermissionError as error:
        pytest.skip(f"root's rights cannot be dropped: {error}")
    yield
    os.seteuid(0)


def test_a_cloud_that_is_down_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 1
    assert "is down; `novabox up` starts it" in capsys.readouterr().out

    assert cli.main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["is_up"] is False

    assert cli.main(["down"]) == 0
    assert capsys.readouterr().out == "It was not up.\n"


def test_requests_are_listed_with_what_they_were(
    request_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["trace"]) == 0
    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert line.split()[:3] == [request_id, "error", "2"]
    assert line.endswith("POST /servers")

    assert cli.main(["trace", "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [request_id]


def test_one_request_is_told_hop_by_hop(
    request_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["trace", request_id]) == 0
    first, second = capsys.readouterr().out.splitlines()[2:]
    assert first.split("  ")[-2:] == [
        "→ client → api",
        "POST /servers ✗ HypervisorError: no such machine type",
    ]
    assert "    ▸ api → libvirt  define domain ✗ HypervisorError: no such machine type" in second

    assert cli.main(["trace", request_id, "--json"]) == 0
    hops = json.loads(capsys.readouterr().out)
    assert [hop["name"] for hop in hops] == ["POST /servers", "define domain"]
    assert hops[1]["parent_id"] == hops[0]["id"]

    assert cli.main(["trace", request_id, "--mermaid"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "sequenceDiagram",
        "    client->>api: POST /servers",
        "    api->>libvirt: define domain",
    ]


def test_an_unknown_request_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trace", "req-none"]) == 1
    assert capsys.readouterr().err == "novabox: Request req-none could not be found.\n"


def test_the_login_comes_in_three_forms(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    logins = credentials.ensure(settings, {"demo": "demo", "admin": "admin"})

    assert cli.main(["env", "--user", "admin", "--json"]) == 0
    variables = json.loads(capsys.readouterr().out)
    assert variables["OS_PASSWORD"] == logins["admin"].password

    assert cli.main(["env", "--user", "admin"]) == 0
    lines = [shlex.split(line, comments=True) for line in capsys.readouterr().out.splitlines()]
    words = [line for line in lines if line]
    assert words == [["export", f"{name}={value}"] for name, value in variables.items()]

    assert cli.main(["env", "--clouds-yaml"]) == 0
    clouds = capsys.readouterr().out
    assert clouds.startswith("clouds:\n  novabox:\n")
    assert all(f"password: {json.dumps(login.password)}\n" in clouds for login in logins.values())


def test_a_cloud_that_never_was_has_no_login(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["env"]) == 1
    assert "no password of demo" in capsys.readouterr().err


def test_a_wrong_setting_is_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "novabox.toml").write_text("[api]\nprot = 1\n")

    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == (
        "novabox: unknown setting api.prot. Did you mean api.port?\n"
    )


@pytest.mark.parametrize("argv", [[], ["fly"], ["status", "--fast"], ["env", "--user", "eve"]])
def test_misuse_ends_with_2_and_the_usage(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: novabox")


def test_the_schema_is_brought_up_to_date_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate"]) == 0
    assert capsys.readouterr().out.startswith("applied ")

    assert cli.main(["migrate"]) == 0
    assert capsys.readouterr().out == "The database is up to date.\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="root is missing")
def test_reset_asks_and_without_a_terminal_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["migrate"])
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    assert cli.main(["reset"]) == 1
    assert capsys.readouterr().out.endswith("Nothing was changed.\n")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.usefixtures("_nobody")
@pytest.mark.parametrize("argv", [["up"], ["up", "--detach"], ["reset", "--yes"]])
def test_without_root_nothing_is_started_or_deleted(
    argv: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv) == 1
    assert "need root" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_what_env_prints_is_a_shells_to_eval(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials.ensure(settings, {"demo": "demo"})
    credentials.keep_ec2_key(settings, "demo", access="a1", secret="s'1")
    cli.main(["env"])
    printed = capsys.readouterr().out

    for quote in ('"', ""):  # with and without the quotes that make a line of it a line
        script = f'eval {quote}$(cat){quote}; echo "$EC2_URL|$AWS_ENDPOINT_URL_EC2|$OS_USERNAME"'
        told = subprocess.run(
            ["sh", "-c", script], input=printed, capture_output=True, text=True, check=True
        )
        url = f"{settings.api_url}/services/Cloud"
        assert told.stdout.strip() == f"{url}|{url}|demo"
        assert told.stderr == ""


def _image(*argv: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "appliance.cli", "image", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def _no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("_no_login")
@pytest.mark.parametrize("command", ["catalog", "fetch"])
def test_the_catalogues_commands_help_without_a_cloud(command: str) -> None:
    told = _image(command, "--help")
    assert told.returncode == 0
    assert told.stdout.startswith(f"usage: novabox image {command}")
    assert "--user {admin,demo}" in told.stdout


@pytest.mark.usefixtures("_no_login")
def test_the_catalogue_asks_as_admin_who_can_read_the_login(settings: config.Settings) -> None:
    nobody = _image("fetch", "debian-12")
    assert nobody.returncode == 1
    assert "there is no cloud that we may ask" in nobody.stderr

    credentials.ensure(settings, {"admin": "admin"})
    (settings.home / "novabox.toml").write_text("[api]\nport = 1\n")
    admin = _image("fetch", "debian-12")
    assert admin.returncode == 1
    assert "127.0.0.1:1/identity/v3/auth/tokens" in admin.stderr
    assert "`novabox up` starts" in admin.stderr


@pytest.mark.usefixtures("_no_login")
@pytest.mark.parametrize("command", ["explain", "capacity", "plan", "journal", "undo", "redo"])
def test_what_the_cloud_says_of_itself_helps_without_one(command: str) -> None:
    argv = [sys.executable, "-m", "appliance.cli", command, "--help"]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert told.returncode == 0
    assert told.stdout.startswith(f"usage: novabox {command}")


@pytest.fixture
def becomes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the command would have become, instead of becoming it."""
    argvs: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _, argv, environ: argvs.append(argv))
    return argvs


def test_where_no_cloud_is_up_the_terminal_ui_sets_one_up(
    home: Path, becomes: list[list[str]]
) -> None:
    (home / "novabox.toml").write_text(f"[api]\nport = {free_ports(1)[0]}\n")
    before = sorted(home.rglob("*"))

    cli.main(["tui", "--user", "admin", "--glyphs", "ascii"])

    (argv,) = becomes
    novabox = f"{sys.executable} -m appliance.cli"
    assert argv[1:] == [
        "-m", "tui", "--welcome", novabox, "--user", "admin", "--glyphs", "ascii",
    ]  # fmt: skip
    assert sorted(home.rglob("*")) == before, "looking leaves nothing"


def test_another_clouds_terminal_ui_needs_nothing_of_this_machine(
    becomes: list[list[str]],
) -> None:
    cli.main(["tui", "--cloud", "far"])

    assert becomes[0][1:] == ["-m", "tui", "--cloud", "far"]


def test_a_cloud_that_is_up_is_gone_into(
    settings: config.Settings, becomes: list[list[str]]
) -> None:
    credentials.ensure(settings, {"demo": "demo"})
    with socket.create_server(("127.0.0.1", 0)) as api:
        port = api.getsockname()[1]
        (settings.home / "novabox.toml").write_text(f"[api]\nport = {port}\n")
        cli.main(["tui"])

    assert becomes[0][1:] == ["-m", "tui"]


def test_its_version_is_the_package_s(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])

    assert left.value.code == 0
    assert capsys.readouterr().out == f"novabox {metadata.version('novabox')}\n"
