"""Disks of other hypervisors become ours, byte for byte, within limits and without leftovers."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance import config, errors, processes
from services.image import conversion
from services.image.inspection import Inspecting
from tests import cloud

pytestmark = pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-img is missing")

SIZE_BYTES = 3 << 20


def _qemu_img(*arguments: object) -> str:
    done = subprocess.run(
        ["qemu-img", *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A disk with data, holes, and data at its end."""
    path = tmp_path / "disk.raw"
    path.write_bytes(os.urandom(300_000).ljust(SIZE_BYTES - 512, b"\0") + b"end" * 170 + b"..")
    return path


def _made(raw: Path, disk_format: str, *options: str) -> Path:
    """The disk as another hypervisor keeps it."""
    path = raw.with_suffix(f".{disk_format}")
    kind = conversion.FORMATS[disk_format]
    _qemu_img("convert", "-f", "raw", "-O", kind, *options, raw, path)
    return path


@pytest.mark.parametrize(
    ("disk_format", "options"),
    [
        ("vmdk", ("-o", "subformat=monolithicSparse")),
        ("vmdk", ("-o", "subformat=streamOptimized")),
        ("vdi", ()), ("vhd", ("-o", "subformat=dynamic,force_size=on")), ("vhdx", ()),
    ],
)  # fmt: skip
def test_a_disk_of_another_hypervisor_becomes_ours_with_the_same_bytes(
    settings: config.Settings, raw: Path, disk_format: str, options
):
    source, target = _made(raw, disk_format, *options), raw.with_suffix(".made")
    told: list[float] = []

    conversion.convert(
        source, target, disk_format=disk_format, settings=settings.image, tell=told.append
    )

    with target.open("rb") as file:
        inspected = Inspecting(file)
        while inspected.read(1 << 20):
            pass
    assert inspected.virtual_size_bytes("qcow2") == SIZE_BYTES
    assert "Images are identical" in _qemu_img("compare", "-f", "raw", "-F", "qcow2", raw, target)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_only_what_does_not_boot_is_converted_and_only_if_that_is_wanted(settings: config.Settings):
    as_it_is = dataclasses.replace(settings.image, convert_to="")

    due = {one for one in ("raw", "qcow2", "iso", None, "ploop", *conversion.FORMATS)
           if conversion.is_due(one, "bare", settings.image)}  # fmt: skip
    assert due == {"vmdk", "vdi", "vhd", "vhdx"}
    assert not conversion.is_due("vmdk", "bare", as_it_is)


@pytest.mark.parametrize("container_format", ["ova", "ovf", "docker", "compressed"])
def test_what_is_in_a_container_is_never_converted(settings: config.Settings, container_format):
    """It was not looked into: its descriptor could name any file of the host."""
    assert not conversion.is_due("vmdk", container_format, settings.image)


def test_a_disk_that_is_broken_inside_is_refused_with_the_programs_words(settings, raw: Path):
    source, target = _made(raw, "vdi"), raw.with_suffix(".made")
    with source.open("r+b") as file:
        file.seek(0x178)  # how large a block is
        file.write(b"\xff\xff\xff\x7f")

    with pytest.raises(errors.StoreError, match=r"qemu-img convert from vdi ended with 1: .+"):
        conversion.convert(
            source, target, disk_format="vdi", settings=settings.image, tell=lambda _: None
        )
    assert not target.exists()


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"convert_memory_mib": 8}, r"ended"),
        ({"virtual_size_bytes_max": 100_000}, r"file size|File too large"),
    ],
)
def test_a_conversion_over_its_limits_is_given_up_with_a_reason(settings, raw: Path, limits, why):
    source, target = _made(raw, "vdi"), raw.with_suffix(".made")
    image = dataclasses.replace(settings.image, **limits)

    with pytest.raises(errors.StoreError, match=why):
        conversion.convert(source, target, disk_format="vdi", settings=image, tell=lambda _: None)
    assert not target.exists()


def test_its_threads_do_not_reserve_the_memory_it_may_have(settings, raw: Path):
    raw.write_bytes(os.urandom(64 << 20))  # all its threads have something to do
    source, target = _made(raw, "vdi"), raw.with_suffix(".made")
    image = dataclasses.replace(settings.image, convert_memory_mib=320)

    conversion.convert(source, target, disk_format="vdi", settings=image, tell=lambda _: None)

    assert "Images are identical" in _qemu_img("compare", "-f", "raw", "-F", "qcow2", raw, target)


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A qemu-img that says how far it is, writes where it runs, and never ends."""
    program = tmp_path / "bin" / "qemu-img"
    program.parent.mkdir()
    pid = tmp_path / "pid"
    program.write_text(
        f"#!/bin/sh\necho $$ > {pid}.draft\nmv {pid}.draft {pid}\n"
        "printf '    (7.00/100%%)\\r'\nexec sleep 1000\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return pid


def test_a_program_that_hangs_is_killed_when_its_time_is_over(settings, hanging: Path, tmp_path):
    image = dataclasses.replace(settings.image, convert_timeout_s=0.3)
    told: list[float] = []
    began = time.monotonic()

    with pytest.raises(errors.StoreError, match="convert_timeout_s"):
        conversion.convert(
            tmp_path / "a", tmp_path / "b", disk_format="vdi", settings=image, tell=told.append
        )

    assert time.monotonic() - began < 10
    assert set(told) == {0.07}
    assert not processes.is_alive(int(hanging.read_text()))


def test_a_program_whose_image_nobody_wants_any_more_is_killed(settings, hanging: Path, tmp_path):
    def gone(_: float) -> None:
        raise errors.Superseded("it was deleted")

    with pytest.raises(errors.Superseded):
        conversion.convert(
            tmp_path / "a", tmp_path / "b", disk_format="vdi", settings=settings.image, tell=gone
        )
    assert not processes.is_alive(int(hanging.read_text()))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_program_does_not_outlive_its_worker(settings, hanging: Path, tmp_path, how):
    script = (
        "import pathlib, sys; from appliance import config; from services.image import conversion;"
        "conversion.convert(pathlib.Path('/a'), pathlib.Path(sys.argv[1]), disk_format='vdi',"
        " settings=config.Image(), tell=lambda _: None)"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "b")], stderr=subprocess.DEVNULL
    )
    cloud.eventually(hanging.exists, timeout_s=20, what="a running program")
    pid = int(hanging.read_text())

    worker.send_signal(how)
    worker.wait(20)

    cloud.eventually(lambda: not processes.is_alive(pid), timeout_s=10, what="its end")


def test_a_host_without_the_program_says_so(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(errors.StoreError, match="qemu-img: No such file"):
        conversion.convert(
            tmp_path / "a", tmp_path / "b", disk_format="vdi", settings=settings.image,
            tell=lambda _: None,
        )  # fmt: skip
