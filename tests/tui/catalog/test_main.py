"""The commands' own words and exit status, without a cloud; with one they are a system test's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.catalog import __main__ as entry
from tui.catalog import entries, table
from tui.catalog.failure import FetchFailed
from tui.client.openstack import StoredImage

DOWN = {
    "OS_AUTH_URL": "http://127.0.0.1:1/identity/v3", "OS_USERNAME": "admin", "OS_PASSWORD": "x",
    "OS_PROJECT_NAME": "admin",
}  # fmt: skip
NO_OWN = ["--catalog", str(entries.SHIPPED)]  # not what this machine has in /etc


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NOVABOX_HOME", str(tmp_path))


@pytest.fixture
def _down(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DOWN.items():
        monkeypatch.setenv(name, value)


def test_the_catalogue_is_told_without_a_cloud(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["catalog", *NO_OWN]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[1] == (
        "debian-12     Debian 12 (bookworm)                debian  ?"
    )
    assert "`novabox up` starts the cloud of this machine" in told.err


@pytest.mark.usefixtures("_down")
def test_scripts_get_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["catalog", "--json", *NO_OWN]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert document["is_cloud_known"] is False
    assert [one["name"] for one in document["images"]] == list(entries.load(entries.SHIPPED))
    assert document["images"][0]["checksums"].endswith("/SHA512SUMS")
    assert document["images"][0]["images"] is None
    assert "127.0.0.1:1" in told.err


@pytest.mark.usefixtures("_down")
def test_a_cloud_that_is_down_is_said_before_anything_is_downloaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert entry.main(["fetch", "debian-12", *NO_OWN]) == 1
    told = capsys.readouterr()
    assert "is the cloud up?\n  `novabox up` starts" in told.err
    assert "downloading" not in told.err
    assert list((tmp_path / "cache" / "images").iterdir()) == []


def test_a_servers_words_move_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    entry._tell_failure(FetchFailed("SUMS has no sha256 of a, only of b\x1b[2J"))
    assert capsys.readouterr().err == "novabox: SUMS has no sha256 of a, only of b [2J\n"


def test_nobody_logged_in_is_told_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["fetch", "debian-12", *NO_OWN]) == 1
    assert capsys.readouterr().err.startswith("novabox: there is no cloud that we may ask.\n")


def test_a_cloud_that_clouds_yaml_lacks_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "clouds.yaml").write_text("clouds: {there: {}}\n")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    assert entry.main(["fetch", "debian-12", "--cloud", "here", *NO_OWN]) == 1
    assert "cloud here is not in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fetch", "debain-12"], "did you mean debian-12, debian-13?"),
        (["fetch", "debian-12", "debian-13", "--name", "x"], "--name is for one image at a time"),
        (["catalog", "--catalog", "/nowhere/images.toml"], "/nowhere/images.toml: No such file"),
    ],
)
def test_misuse_ends_with_2_and_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = [] if "--catalog" in arguments else NO_OWN
    assert entry.main([*arguments, *own]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["fetch"], ["fetch", "a", "--public", "--private"], []])
def test_wrong_arguments_end_with_2_and_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        entry.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: novabox image")


def test_downloads_wait_in_the_cloud_s_folder_or_in_ones_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert entry._cache(str(tmp_path)) == tmp_path / "cache" / "images"
    monkeypatch.setenv("XDG_CACHE_HOME", "/own/cache")
    assert entry._cache(str(tmp_path / "none")) == Path("/own/cache/novabox/images")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/own")
    assert entry._cache("") == Path("/own/.cache/novabox/images")


def test_the_table_says_what_is_there_in_80_columns() -> None:
    known = entries.load(entries.SHIPPED)
    images = [
        StoredImage(id="1", novabox_catalog="ubuntu-22.04", visibility="private", size=660 << 20),
        StoredImage(id="2", novabox_catalog="ubuntu-22.04", visibility="public", size=660 << 20),
    ]
    told = table.lines(known.values(), images)
    assert told[3] == (
        "ubuntu-22.04  Ubuntu 22.04 LTS (Jammy Jellyfish)  ubuntu  private, 660.0 MiB +1"
    )
    assert max(map(len, told)) <= 80
