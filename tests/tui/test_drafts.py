"""One draft, two lines that say the same."""

from __future__ import annotations

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
