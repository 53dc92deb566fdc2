"""A whole cloud: what one client deleted, `novabox undo` brings back, whichever service kept it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import cloud as clouds
from tests.system.test_openstack_volume import OPENSTACK, until

SWIFT = str(clouds.BIN / "swift")

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def own() -> Iterator[clouds.Cloud]:
    """A cloud of its own, whose trash keeps for a minute."""
    if reason := clouds.missing():
        pytest.skip(reason)
    made = clouds.Cloud({"trash": {"kept_s": 60, "free_mib": 1}})
    try:
        made.up()
        yield made
        print(made.logs())
    finally:
        made.close()


def run(cloud: clouds.Cloud, *arguments: str) -> str:
    return cloud.run(OPENSTACK, *arguments, user="demo").stdout


def names(cloud: clouds.Cloud, *noun: str) -> list[str]:
    return sorted(one["Name"] for one in cloud.openstack(*noun, "list"))


def journal(cloud: clouds.Cloud) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(cloud.novabox("journal", "--json"))["entries"]
    return entries


def noted(cloud: clouds.Cloud, action: str) -> dict[str, Any]:
    """The newest entry, when it is there: the object store writes a moment later."""
    found: dict[str, Any] = clouds.eventually(
        lambda: next((one for one in journal(cloud)[:1] if one["action"] == action), None),
        timeout_s=20, what=f"{action} in the journal",
    )  # fmt: skip
    return found


def test_a_volume_an_image_and_objects_come_back(own: clouds.Cloud, tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    file.write_bytes(b"boot" * 300_000)
    own.openstack("volume", "create", "--size", "1", "data")
    volume = until(own, ("volume",), "data", "available")["id"]
    own.openstack("image", "create", "disk", "--file", str(file), "--disk-format", "raw")
    image = own.openstack("image", "show", "disk")
    own.openstack("container", "create", "box")
    own.openstack("object", "create", "box", str(file), "--name", "a")

    for words, noun, action, back in (
        (("volume", "delete", "data"), ("volume",), "volume.delete", ["data"]),
        (("image", "delete", "disk"), ("image",), "image.delete", ["disk"]),
        (("object", "delete", "box", "a"), ("object",), "object.delete", ["a"]),
    ):
        run(own, *words)
        where = ("box",) if noun == ("object",) else ()
        listed = own.openstack(*noun, "list", *where)
        assert back[0] not in [one["Name"] for one in listed]
        entry = noted(own, action)
        assert (entry["user"], entry["state"]) == ("demo", "done")
        assert own.novabox("undo").startswith("undone: ")
        assert [one["Name"] for one in own.openstack(*noun, "list", *where)] == back

    assert own.openstack("volume", "show", "data")["id"] == volume
    again = own.openstack("image", "show", "disk")
    assert (again["id"], again["checksum"]) == (image["id"], image["checksum"])
    run(own, "image", "save", "disk", "--file", str(tmp_path / "back"))
    run(own, "object", "save", "box", "a", "--file", str(tmp_path / "object"))
    for copy in ("back", "object"):
        assert (tmp_path / copy).read_bytes() == file.read_bytes()

    assert own.novabox("redo").startswith("done again: delete object box/a")
    run(own, "container", "delete", "box")
    noted(own, "container.delete")
    own.novabox("undo")
    own.novabox("undo")
    assert [one["Name"] for one in own.openstack("object", "list", "box")] == ["a"]


def test_processes_that_are_killed_lose_and_leak_nothing(own: clouds.Cloud) -> None:
    own.openstack("volume", "create", "--size", "1", "killed")
    until(own, ("volume",), "killed", "available")
    own.openstack("container", "create", "crash")
    own.openstack("object", "create", "crash", __file__, "--name", "b")
    run(own, "volume", "delete", "killed")
    run(own, "object", "delete", "crash", "b")
    for name in ("volume", "object", "api"):
        own.novabox("service", "kill", name)
    clouds.eventually(
        lambda: own.run(OPENSTACK, "token", "issue", user="demo", check=False).returncode == 0,
        timeout_s=30, what="the API is back",
    )  # fmt: skip
    assert {one["action"] for one in journal(own)[:6]} >= {"volume.delete", "object.delete"}

    own.novabox("undo", noted_of(own, "object.delete")["id"])
    own.novabox("undo", noted_of(own, "volume.delete")["id"])

    assert "killed" in names(own, "volume")
    assert [one["Name"] for one in own.openstack("object", "list", "crash")] == ["b"]


def noted_of(cloud: clouds.Cloud, action: str) -> dict[str, Any]:
    return next(one for one in journal(cloud) if one["action"] == action)


def test_what_nobody_wants_back_goes_for_good(own: clouds.Cloud) -> None:
    own.openstack("volume", "create", "--size", "1", "gone")
    volume = until(own, ("volume",), "gone", "available")["id"]
    path = own.home / "volumes" / f"nbx-v-{volume}"
    assert path.exists()
    run(own, "volume", "delete", "gone")
    entry = noted_of(own, "volume.delete")

    clouds.eventually(lambda: not path.exists(), timeout_s=150, what="its bytes are gone")

    assert own.novabox("journal", "--json").count('"expired"') >= 1
    told = own.run(str(clouds.BIN / "novabox"), "undo", entry["id"], check=False)
    assert told.returncode == 1
    assert "too late, it is not in the trash any more" in told.stderr


def test_what_was_current_in_a_container_with_versions_is_current_again(own: clouds.Cloud) -> None:
    own.run(SWIFT, "post", "-H", "X-Versions-Enabled: true", "kept", user="demo")
    for body in ("one", "two"):
        file = own.home / "body"
        file.write_text(body)
        own.openstack("object", "create", "kept", str(file), "--name", "a")
    run(own, "object", "delete", "kept", "a")
    noted(own, "object.delete")
    assert own.openstack("object", "list", "kept") == []

    own.novabox("undo")
    assert run(own, "object", "save", "kept", "a", "--file", "-") == "two"
    tree = own.novabox("xray", "object", "kept/a")
    for words in ("the newest first", "kept/a", "whole", "current", "older"):
        assert words in tree
    assert "1 that are not current" in own.novabox("xray", "container", "kept")
