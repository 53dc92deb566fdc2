import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import supervisor

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("novabox-*.service"))


def read(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read(path)
    return parser


def test_there_is_one_unit_for_each_process_that_up_starts() -> None:
    names = {path.stem.removeprefix("novabox-") for path in UNITS} - {"setup"}

    assert names == set(supervisor.SERVICES)
    for name in names:
        start = read(ROOT / f"systemd/novabox-{name}.service")["Service"]["ExecStart"]
        assert start.split()[1:] == ["-m", supervisor.module(name)]


def test_each_unit_has_the_capabilities_of_its_part_and_no_other() -> None:
    wanted = {
        "novabox-network": "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE",
        "novabox-volume": "CAP_DAC_OVERRIDE CAP_SYS_ADMIN",
    }
    for path in UNITS:
        service = read(path)["Service"]
        assert service["CapabilityBoundingSet"] == wanted.get(path.stem, ""), path.name
        assert service["User"] == "novabox"
        assert service["NoNewPrivileges"] == "yes"


def test_every_process_is_restarted() -> None:
    for path in UNITS:
        if "setup" not in path.stem:
            assert read(path)["Service"]["Restart"] == "always"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is missing")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` wants programs that exist: the prefix becomes this checkout."""
    units = []
    for path in [*UNITS, ROOT / "systemd/novabox.target"]:
        text = path.read_text().replace("/opt/novabox/.venv/bin/python", sys.executable)
        (tmp_path / path.name).write_text(text.replace("/opt/novabox", str(ROOT)))
        units.append(str(tmp_path / path.name))
    done = subprocess.run(
        ["systemd-analyze", "verify", *units],
        capture_output=True, text=True, timeout=60, check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip

    assert (done.returncode, [line for line in done.stderr.splitlines() if "novabox" in line]) == (
        0, [],
    )  # fmt: skip
