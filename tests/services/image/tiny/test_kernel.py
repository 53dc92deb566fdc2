"""Looking for the kernel among packages, with an apt that only prints."""

from pathlib import Path

import pytest

from appliance import errors
from services.image.tiny import kernel, progress

APT_CACHE = """\
#!/bin/sh
case "$*" in
    *"depends linux-image-virtual") echo "linux-image-virtual
  Depends: linux-image-6.8.0-31-generic" ;;
    *"depends linux-image-generic") echo "  Depends: linux-image-6.8.0-31-generic
  Depends: linux-modules-extra-6.8.0-31-generic" ;;
    *"depends linux-image-6.8.0-31-generic") echo "  Depends: kmod
 |Depends: linux-modules-6.8.0-31-generic" ;;
    *) echo "E: No packages found" >&2; exit 100 ;;
esac
"""
APT_GET = """\
#!/bin/sh
for name; do :; done
case "$*" in
    *--print-uris*) echo "'http://archive/$name.deb' ${name}_1_amd64.deb 4 SHA256:00" ;;
    *download*) printf 'deb!' > "${name}_1_amd64.deb" ;;
esac
"""
NO_APT_CACHE = "#!/bin/sh\nexit 100\n"
BROKEN_APT_GET = '#!/bin/sh\ncase "$*" in *update*) echo E: no network >&2; exit 100 ;; esac\n'


def _put(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    folder.mkdir()
    for name, text in scripts.items():
        program = folder / name.replace("_", "-")
        program.write_text(text)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_kernel_and_its_modules_are_fetched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(tmp_path / "bin", monkeypatch, apt_cache=APT_CACHE, apt_get=APT_GET)
    cache = tmp_path / "cache"

    fetched = kernel.packages(cache, progress.Progress())

    assert [deb.name for deb in fetched] == [
        "linux-image-6.8.0-31-generic_1_amd64.deb",
        "linux-modules-6.8.0-31-generic_1_amd64.deb",
    ]
    assert [entry.name for entry in cache.iterdir()] == ["linux-image-6.8.0-31-generic"]
    (tmp_path / "bin" / "apt-get").unlink()
    assert fetched == kernel.packages(cache, progress.Progress())


def test_of_a_full_kernel_all_modules_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(tmp_path / "bin", monkeypatch, apt_cache=APT_CACHE, apt_get=APT_GET)

    fetched = kernel.packages(
        tmp_path / "cache", progress.Progress(), metas=("linux-image-amd64", "linux-image-generic")
    )

    assert [deb.name for deb in fetched] == [
        "linux-image-6.8.0-31-generic_1_amd64.deb",
        "linux-modules-6.8.0-31-generic_1_amd64.deb",
        "linux-modules-extra-6.8.0-31-generic_1_amd64.deb",
    ]


def test_without_network_the_error_is_apts_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(tmp_path / "bin", monkeypatch, apt_cache=NO_APT_CACHE, apt_get=BROKEN_APT_GET)

    with pytest.raises(errors.HostError, match="no network"):
        kernel.packages(tmp_path / "cache", progress.Progress())


def test_a_machine_without_such_a_package_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(tmp_path / "bin", monkeypatch, apt_cache=NO_APT_CACHE, apt_get="#!/bin/sh\n")

    with pytest.raises(errors.HostError, match="--kernel-deb FILE"):
        kernel.packages(tmp_path / "cache", progress.Progress())
    assert [entry for entry in (tmp_path / "cache").iterdir() if entry.name != "lists"] == []
