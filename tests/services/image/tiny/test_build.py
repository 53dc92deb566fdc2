"""Building for real: the same inputs make the same bytes, and nothing is made twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from appliance import errors
from services.image.tiny import build, kernel, manifest, programs, progress, ramdisk
from tests.services.image.tiny.conftest import CACHE

SIZE_BYTES_MAX = 20_000_000


@pytest.mark.guest
@pytest.mark.timeout(600)
def test_it_is_small_and_the_same_again(images: Path, tmp_path: Path) -> None:
    debs = kernel.packages(CACHE, progress.Progress())
    assert build.build(images, debs=debs, show=progress.Progress()).is_unchanged

    again = build.build(tmp_path, debs=debs, show=progress.Progress())

    assert not again.is_unchanged
    assert again.manifest == manifest.find(images)
    sizes = {name: file.size_bytes for name, file in again.manifest.files.items()}
    assert sizes["ami-tiny.qcow2"] < SIZE_BYTES_MAX
    assert sizes["ami-tiny.vmlinuz"] + sizes["ami-tiny.initrd"] < SIZE_BYTES_MAX
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(
        [*manifest.FORMATS_BY_FILE, manifest.NAME]
    )


def test_a_file_that_is_no_package_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    if programs.which("dpkg-deb") is None or programs.which("busybox") is None:
        pytest.skip("dpkg-deb and busybox are needed")
    deb = tmp_path / "not.deb"
    deb.write_text("text")
    out = tmp_path / "out"

    done = subprocess.run(
        [sys.executable, "-m", "services.image.tiny", "--out", str(out), "--kernel-deb", str(deb)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("ami-tiny: ")
    assert str(deb) in done.stderr
    assert list(out.iterdir()) == []


def test_a_missing_program_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(errors.HostError, match="apt-get install busybox-static"):
        ramdisk.busybox()
