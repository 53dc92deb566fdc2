"""What the tree promises, and no other tool holds."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("appliance", "services", "storage", "tui")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def test_no_file_has_a_name_that_says_nothing() -> None:
    banned = {"utils", "common", "helpers", "misc", "base", "core", "util", "helper"}

    assert [path for path in SOURCES if path.stem in banned] == []


def test_no_file_is_a_pile() -> None:
    assert [path for path in SOURCES if len(path.read_text().splitlines()) > 600] == []


def test_sql_stands_in_its_two_homes() -> None:
    """The control plane has appliance/db (and the trace its own file), objects storage/objects."""
    sql = re.compile(r"\b(SELECT .+ FROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM)\b")
    homes = ("appliance/db/", "storage/objects/", "appliance/trace.py", "appliance/queue/")
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if sql.search(path.read_text()) and not str(path.relative_to(ROOT)).startswith(homes)
    ]

    assert found == []


def test_async_stays_at_the_edge() -> None:
    homes = ("services/api/", "services/object/", "services/http/", "tui/")
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(
            isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text()))
        )
        and not str(path.relative_to(ROOT)).startswith(homes)
    ]

    assert found == []


def test_no_handler_of_an_event_calls_its_parents() -> None:
    """Textual calls the handlers of all classes of a widget: a super() has one work twice."""
    not_dispatched = {"on_event", "on_data"}
    found = [
        f"{path.relative_to(ROOT)}: {node.attr}"
        for path in (ROOT / "tui").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("on_")
        and ast.unparse(node.value) == "super()"
        and node.attr not in not_dispatched
    ]

    assert found == []


@pytest.mark.parametrize("module", ["services.api.app", "services.object.__main__"])
def test_an_unprivileged_process_never_loads_what_touches_the_host(module: str) -> None:
    look = f"import sys, {module}; print([m for m in ('libvirt', 'pyroute2') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_no_registry_and_no_path_of_a_builder_is_written_down() -> None:
    words = ("pypi" + ".org", "pythonhosted" + ".org", "deb.debian" + ".org", "registry" + ".npmjs")
    written = [
        path
        for top in (ROOT / ".ci", *ROOT.glob("[!.]*"))  # hidden are only what tools leave, and .ci
        for path in (top, *top.rglob("*"))
        if path.is_file() and path.parent.name != "__pycache__"
    ]
    found = [path for path in written if any(w in path.read_text(errors="replace") for w in words)]

    assert len(written) > len(SOURCES)
    assert found == []
