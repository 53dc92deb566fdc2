"""Templates: kept whole, by name, in the user's own file, which is never spoilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import templates
from tui.templates import TemplatesUnreadable


def test_they_are_where_xdg_says() -> None:
    assert templates.path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/novabox/templates.json")
    assert templates.path({"HOME": "/home/a"}) == Path("/home/a/.config/novabox/templates.json")


def test_one_is_kept_changed_and_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "config" / "templates.json"

    assert templates.load(file) == {}
    templates.save(file, "web", {"image": "i1"})
    templates.save(file, "db", {"image": "i2"})
    templates.save(file, "web", {"image": "i3"})
    assert templates.load(file) == {"web": {"image": "i3"}, "db": {"image": "i2"}}
    templates.forget(file, "web")
    templates.forget(file, "none")
    assert templates.load(file) == {"db": {"image": "i2"}}
    assert [path.name for path in file.parent.iterdir()] == ["templates.json"]


@pytest.mark.parametrize("content", ["{", "[]", '"x"', '{"a": 1}'])
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "templates.json"
    file.write_text(content)

    with pytest.raises(TemplatesUnreadable, match="cannot be read"):
        templates.save(file, "web", {})
    assert file.read_text() == content
