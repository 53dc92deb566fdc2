"""The registry, walked: every action can be reached, is explained, and is as safe as promised."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen

from appliance.model.acts import ACTS
from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui import bindings, keymaps, places, registry
from tui.actions import action as actions
from tui.actions import console
from tui.actions.action import Action, Level, Target
from tui.app import Tui
from tui.client import nouns
from tui.registry import REGISTRY
from tui.screens import help as help_screen
from tui.screens.palette import Palette

VIEWS_WITH_A_SCREEN = tuple(places.BY_NAME)
VIEWS = sorted({view for action in REGISTRY for view in action.views})
WITHOUT_A_LIST = (
    "home", "networks", "theatre", "log", "console", "welcome", "everywhere", "cursor",
)  # fmt: skip
NEVER_REUSED = {
    *(place.key for place in places.PLACES),
    "colon", "slash", "/", "question_mark", "escape", "ctrl+p", "z", "Z",
}  # fmt: skip
_ACT_BY_ACTION = {
    "instance.terminate": "instance.delete", "key.delete": "key_pair.delete",
    "group.delete": "security_group.delete", "group.add_rule": "security_group.add_rules",
    "group.delete_rule": "security_group.delete_rules",
    "instance.detach_volume": "volume.detach", "image.hold_back": "image.deactivate",
}  # fmt: skip
TARGET = Target(id="ID", name="NAME", noun=nouns.Instance(id="ID", request_id="REQ"))
ids = [action.id for action in REGISTRY]


def test_ids_are_unique_and_noun_dot_verb() -> None:
    assert len(ids) == len(set(ids))
    assert [name for name in ids if name.count(".") != 1] == []


@pytest.mark.parametrize("view", VIEWS)
def test_no_key_means_two_things_on_one_screen(view: str) -> None:
    wanted: tuple[str, ...] = (view,) if view in keymaps.OWN_LETTERS else (view, "everywhere")
    if view not in WITHOUT_A_LIST:
        wanted = (*wanted, "lists")
    keys = Counter(action.keys for action in registry.of_view(*wanted))
    assert {key: count for key, count in keys.items() if count > 1} == {}


@pytest.mark.parametrize("action", REGISTRY, ids=ids)
def test_an_action_is_explained_in_a_sentence(action: Action) -> None:
    assert action.label
    assert action.purpose.endswith(".") or ": " in action.purpose
    assert action.purpose[0].isupper()


@pytest.mark.parametrize("action", REGISTRY, ids=ids)
def test_an_action_either_calls_the_cloud_or_does_something_here(action: Action) -> None:
    assert action.does or action.call
    if action.call:
        assert action.cli, "what the cloud can do, a shell can do"
        assert (
            action.call(TARGET)
            .line()
            .startswith(("GET /", "POST /", "PUT /", "PATCH /", "DELETE /"))
        )
        assert actions.shell_line(action, TARGET).startswith(
            ("openstack ", "novabox ", "swift ", "curl ")
        )


@pytest.mark.parametrize("action", REGISTRY, ids=ids)
def test_what_destroys_needs_ctrl_and_a_dialog(action: Action) -> None:
    if action.level >= Level.ONE_OBJECT:
        assert action.keys.startswith("ctrl+")
    if action.call and action.call(TARGET).method == "DELETE":
        assert action.level >= Level.ONE_OBJECT


@pytest.mark.parametrize("action", REGISTRY, ids=ids)
def test_a_dialog_is_as_grave_as_the_journal_says_the_act_is(action: Action) -> None:
    act = ACTS.get(_ACT_BY_ACTION.get(action.id, action.id))
    if act and max(act.level, action.level) >= Level.ONE_OBJECT:
        assert action.level == act.level


def test_every_level_of_confirmation_is_some_actions() -> None:
    assert {action.level for action in REGISTRY} == set(Level)


@pytest.mark.parametrize("action", REGISTRY, ids=ids)
def test_what_an_action_says_needs_no_sign_that_a_terminal_may_lack(action: Action) -> None:
    asked = [text for one in action.asks for text in (one.label, one.hint)]
    assert "".join([action.label, action.purpose, *asked]).isascii()


@pytest.mark.parametrize("action", REGISTRY, ids=ids)
def test_reserved_keys_keep_their_meaning(action: Action) -> None:
    if action.keys in NEVER_REUSED and action.views != (console.VIEW,):  # letters of their own
        assert action.views in (("everywhere",), ("lists",))


def test_a_topic_is_paused_or_resumed_by_what_it_is_now() -> None:
    pause = registry.BY_ID["topic.pause"]
    assert pause.call
    for is_paused, verb in ((False, "pause"), (True, "resume")):
        topic = nouns.Topic(name="scheduler", is_paused=is_paused)
        target = Target(id="scheduler", name="scheduler", noun=topic)
        assert pause.call(target).path == f"/topics/scheduler/{verb}"


def test_shell_lines_are_quoted_but_for_variables() -> None:
    assert (
        actions.quote(("openstack", "server", "delete", "a b")) == "openstack server delete 'a b'"
    )
    assert actions.quote(("X-Auth-Token: $OS_TOKEN",)) == '"X-Auth-Token: $OS_TOKEN"'


def _reachable(screen: Screen[Any]) -> set[str]:
    return {active.binding.id or "" for active in screen.active_bindings.values()}


@pytest.mark.parametrize("view", VIEWS_WITH_A_SCREEN)
def test_every_action_of_a_screen_is_bound_in_its_help_and_in_the_palette(
    cloud: FakeCloud, view: str
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await app.action_open(view)
        await stage.settle(pilot)
        lists = () if view in WITHOUT_A_LIST else ("lists",)
        wanted = registry.of_view(view, "everywhere", *lists)
        assert {action.id for action in wanted} <= _reachable(app.screen)
        explained = {row[2] for row in help_screen.rows(app.screen)}
        assert {action.purpose for action in wanted} <= explained
        await stage.press(pilot, "ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)
        offered = {offer.does for offer in palette.offers("")}
        bound = bindings.of(view, "everywhere")
        assert {item.action for item in bound if isinstance(item, Binding)} <= offered

    stage.play(cloud, scene)


@pytest.mark.parametrize("view", VIEWS_WITH_A_SCREEN)
def test_every_action_string_names_a_method(cloud: FakeCloud, view: str) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await app.action_open(view)
        for action in registry.of_view(view, view if view in WITHOUT_A_LIST else "lists"):
            owner, _, call = action.does.partition(".")
            node = app if owner == "app" else app.screen
            if action.does:
                assert hasattr(node, f"action_{call.partition('(')[0]}"), action.id

    stage.play(cloud, scene)


def test_every_view_of_an_action_is_a_place_or_is_on_one() -> None:
    assert set(VIEWS) <= {
        *places.BY_NAME,
        "everywhere",
        "lists",
        "theatre",
        "log",
        "welcome",
        console.VIEW,
        "cursor",
    }
