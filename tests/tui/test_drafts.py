"""One draft, two lines that say the same."""

from __future__ import annotations

import base64
import json
import os
import shlex
from pathlib import Path

import pytest

from tui import drafts
from tui.client.nouns import Choice
from tui.drafts import RunDraft

FULL = RunDraft(
    name="web 1",
    image=Choice(id="img-1", name="ami-tiny"),
    flavor=Choice(id="1", name="m1.tiny"),
    key=Choice(id="test", name="test"),
    network=Choice(id="net-1", name="demo-net"),
    count=3,
)
DEFAULT = Choice(id="g1", name="default")


def test_a_full_draft_as_an_api_call() -> None:
    assert FULL.call().body == {
        "server": {
            "name": "web 1",
            "imageRef": "img-1",
            "flavorRef": "1",
            "key_name": "test",
            "networks": [{"uuid": "net-1"}],
            "min_count": 3,
            "max_count": 3,
        }
    }


def test_a_full_draft_as_a_shell_line() -> None:
    assert FULL.cli() == (
        "openstack", "server", "create", "--image", "ami-tiny", "--flavor", "m1.tiny",
        "--key-name", "test", "--network", "demo-net", "--min", "3", "--max", "3", "web 1",
    )  # fmt: skip


def test_an_empty_draft_says_what_is_missing() -> None:
    assert RunDraft().missing() == ["name", "image", "flavor"]
    assert FULL.missing() == []
    assert RunDraft().cli() == ("openstack", "server", "create")


def test_groups_a_volume_and_data_are_in_call_and_line() -> None:
    draft = RunDraft(
        name="db", image=FULL.image, flavor=FULL.flavor, data_path="init.sh", data="Zm9v",
        groups=(DEFAULT, Choice(id="g2", name="web")), volume=Choice(id="v1", name="pgdata"),
    )  # fmt: skip
    server = draft.server()

    assert server["security_groups"] == [{"name": "default"}, {"name": "web"}]
    assert server["block_device_mapping_v2"] == [
        {"source_type": "volume", "destination_type": "volume", "uuid": "v1"}
    ]
    assert server["user_data"] == "Zm9v"
    assert draft.cli()[-9:] == (
        "--security-group", "default", "--security-group", "web", "--block-device",
        "uuid=v1,source_type=volume,destination_type=volume", "--user-data", "init.sh", "db",
    )  # fmt: skip
    assert draft.ec2("ami-00000001") == (), "EC2 runs nothing with a volume that is there"


def test_the_same_in_ec2s_words() -> None:
    draft = RunDraft(
        name="db", image=FULL.image, flavor=FULL.flavor, key=FULL.key, groups=(DEFAULT,), count=2,
        data_path="init.sh",
    )  # fmt: skip

    assert draft.ec2("ami-00000001") == (
        "euca-run-instances", "-n", "2", "-t", "m1.tiny", "-k", "test", "-g", "default", "-f",
        "init.sh", "ami-00000001",
    )  # fmt: skip
    assert draft.ec2("") == ()


def test_curl_is_what_a_shell_takes_whatever_the_name_is() -> None:
    draft = RunDraft(name="it's $HOME", image=FULL.image, flavor=FULL.flavor)
    words = shlex.split(drafts.curl(draft.call(), "http://box1:8774"))

    assert words[:4] == ["curl", "-s", "-X", "POST"]
    assert words[-1] == "http://box1:8774/compute/v2.1/servers"
    assert json.loads(words[words.index("-d") + 1])["server"]["name"] == "it's $HOME"


def test_what_is_kept_of_a_draft_is_ids_and_text() -> None:
    kept = RunDraft(name="a", image=FULL.image, groups=(DEFAULT,), data_path="x", count=2).fields()

    assert kept == {
        "name": "a", "image": "img-1", "flavor": "", "key": "", "network": "", "volume": "",
        "groups": "g1", "data": "x", "count": "2", "then": "",
    }  # fmt: skip


def test_user_data_is_a_plain_file_of_a_size_that_is_taken(tmp_path: Path) -> None:
    file, pipe = tmp_path / "init.sh", tmp_path / "pipe"
    file.write_text("#!/bin/sh")
    os.mkfifo(pipe)

    assert base64.b64decode(drafts.read_data(str(file))) == b"#!/bin/sh"
    assert drafts.read_data("") == ""
    for wrong in (pipe, tmp_path, tmp_path / "none"):
        with pytest.raises(FileNotFoundError, match="no such file"):
            drafts.read_data(str(wrong))
    file.write_bytes(b"x" * (drafts.DATA_BYTES_MAX + 1))
    with pytest.raises(ValueError, match="larger than 49,149 bytes"):
        drafts.read_data(str(file))
    file.write_bytes(b"x" * drafts.DATA_BYTES_MAX)
    assert len(drafts.read_data(str(file))) <= 65_535
