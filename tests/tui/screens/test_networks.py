"""Networks: the tree, what passes, a path checked and opened, diagrams, a network made."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui.app import Tui
from tui.client.nouns.xray import Check
from tui.screens.confirm import Confirm
from tui.screens.form import Form
from tui.screens.networks import EXPORT, Networks, _turn

RULES = ("POST", "/network/v2.0/security-group-rules")


def _sent(cloud: FakeCloud, *what: str) -> list[object]:
    return [body for method, path, body in cloud.calls if (method, path) == what]


def _said(app: Tui) -> str:
    return "\n".join(notice.message for notice in app._notifications)


async def _checked(pilot: Pilot[None]) -> None:
    await press(pilot, "6", "down", "down", "k", "ctrl+s")


def test_a_port_is_shown_with_owner_groups_and_traffic(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6")
        lines = stage.text(app).splitlines()
        web = next(line for line in lines if "web-1" in line)
        for text in (".3", "● running", "default,web", "↑ 92.0K ↓ 11.0M"):
            assert text in web
        assert any("nobody is on it" in line for line in lines)
        cloud.put("port", id="4a100000-0000-4000-8000-000000000000", addresses=["10.0.0.77"])
        await stage.until(pilot, lambda: ".77" in stage.text(app))

    stage.play(cloud, scene)


def test_taps_are_shown_where_there_is_room(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6")
        assert "nbx-t-4a100000" in stage.text(app)

    stage.play(cloud, scene, size=(120, 38))


def test_a_path_is_asked_from_the_guest_under_the_cursor(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6", "down", "down", "k")
        assert isinstance(app.screen, Form)
        assert app.screen.answers()["from"].startswith("1d")
        await press(pilot, "ctrl+s")
        (asked,) = _sent(cloud, "POST", "/novabox/v1/paths")
        assert asked == {
            "from": "1d000000-0000-4000-8000-000000000000",
            "to": "0c000000-0000-4000-8000-000000000000", "protocol": "tcp", "port": 22,
        }  # fmt: skip
        shown = stage.text(app)
        assert "Can web-1 reach ci-07 on tcp 22?" in shown
        assert "web-1  ● runs  ? port  ● egress  ● bridge" in shown
        assert "ci-07  ● runs  ● lease  ✗ ingress" in shown
        assert "✗ group web: no ingress rule lets tcp 80" in shown

    stage.play(cloud, scene)


def test_the_rule_is_shown_before_it_is_added_and_the_path_asked_again(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _checked(pilot)
        await press(pilot, "f")
        assert isinstance(app.screen, Confirm)
        assert '"port_range_min": 80' in stage.text(app)
        await press(pilot, "enter")  # Enter is no
        assert _sent(cloud, *RULES) == []
        open_path = {"path": {"checks": [{"what": "runs", "is_passed": True}], "fix": None}}
        cloud.answers[r"POST /novabox/v1/paths"] = (200, open_path)
        await press(pilot, "f")
        await press(pilot, "y")
        await stage.until(pilot, lambda: _sent(cloud, *RULES))
        (body,) = _sent(cloud, *RULES)
        assert isinstance(body, dict)
        assert body["security_group_rule"]["security_group_id"] == "g2"
        await stage.until(pilot, lambda: "● nothing stops it" in stage.text(app))
        await press(pilot, "f")
        assert "no rule is offered" in _said(app)

    stage.play(cloud, scene)


def test_a_refused_rule_is_said(cloud: FakeCloud) -> None:
    cloud.answers[r"POST /network/v2.0/security-group-rules"] = (
        409, {"NeutronError": {"message": "quota exceeded"}},
    )  # fmt: skip

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _checked(pilot)
        await press(pilot, "f")
        await press(pilot, "y")
        await stage.until(pilot, lambda: "quota exceeded" in _said(app))

    stage.play(cloud, scene)


def test_a_left_form_asks_nothing(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6", "k", "escape", "n", "escape")
        assert _sent(cloud, "POST", "/novabox/v1/paths") == []
        assert isinstance(app.screen, Networks)

    stage.play(cloud, scene)


def test_a_network_is_made_with_its_addresses(cloud: FakeCloud) -> None:
    cloud.answers[r"POST /network/v2.0/networks"] = (201, {"network": {"id": "n9"}})
    cloud.answers[r"POST /network/v2.0/subnets"] = (201, {"subnet": {"id": "s9"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6", "n")
        await write(pilot, "blue", "tab")
        assert isinstance(app.focused, Input)
        await write(pilot, "10.9.0.0/24", "enter")
        await stage.until(pilot, lambda: _sent(cloud, "POST", "/network/v2.0/subnets"))
        assert _sent(cloud, "POST", "/network/v2.0/networks") == [{"network": {"name": "blue"}}]
        assert _sent(cloud, "POST", "/network/v2.0/subnets") == [
            {"subnet": {"network_id": "n9", "ip_version": 4, "cidr": "10.9.0.0/24"}}
        ]

    stage.play(cloud, scene)


def test_diagrams_are_copied_and_written(
    cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6", "y")
        assert app.clipboard.startswith("flowchart TD")
        assert "web-1<br/>10.0.0.3<br/>default web" in app.clipboard
        await press(pilot, "e")
        assert (tmp_path / EXPORT).read_text().startswith("graph novabox {")
        (tmp_path / EXPORT).unlink()
        (tmp_path / EXPORT).mkdir()
        await press(pilot, "e")
        assert "Is a directory" in _said(app)

    stage.play(cloud, scene)


def test_only_a_network_is_deleted_and_enter_goes_to_the_guest(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "6", "down", "down", "ctrl+d")
        assert isinstance(app.screen, Networks)
        await press(pilot, "up", "ctrl+d")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "escape", "down", "enter")
        assert app.current_mode == "instances"
        target = app.target()
        assert target is not None
        assert target.name == "web-1"

    stage.play(cloud, scene)


def test_usage_is_followed_only_while_it_is_shown(cloud: FakeCloud) -> None:
    def follows(app: Tui) -> int:
        return sum(w.group == "usage" and not w.is_finished for w in app.workers)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        assert follows(app) == 0
        await press(pilot, "2")
        assert follows(app) == 1
        assert "41%" in stage.text(app)
        await press(pilot, "6")
        assert follows(app) == 1
        await press(pilot, "3")
        await stage.until(pilot, lambda: follows(app) == 0)
        asked = [path for _, path, _ in cloud.calls if "kinds=usage" in path]
        assert len(asked) == 2

    stage.play(cloud, scene)


@pytest.mark.parametrize(
    ("what", "turn"),
    [
        ("runs port lease egress bridge runs port lease ingress", 5),
        ("host runs port ingress", 1),
        ("runs port lease egress gateway", 5),
        ("", 0),
    ],
)
def test_the_checks_of_the_other_end_begin_where_a_guest_is_looked_at_anew(
    what: str, turn: int
) -> None:
    assert _turn([Check(what=word) for word in what.split()]) == turn
