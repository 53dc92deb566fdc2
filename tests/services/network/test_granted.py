"""Who loses something between two plans."""

from pathlib import Path

from services.network import granted

OLD = {"10.0.0.1": frozenset({"ssh", "web"}), "10.0.0.2": frozenset({"ssh"})}


def test_an_address_that_only_gains_is_left_alone() -> None:
    assert granted.revoked(OLD, OLD | {"10.0.0.2": frozenset({"ssh", "ping"})}) == ()


def test_an_address_that_loses_a_line_or_everything_is_named() -> None:
    new = {"10.0.0.1": frozenset({"ssh", "ping"})}
    assert granted.revoked(OLD, new) == ("10.0.0.1", "10.0.0.2")


def test_both_grants_what_either_does() -> None:
    new = {"10.0.0.1": frozenset({"ping"}), "10.0.0.3": frozenset({"ssh"})}
    assert granted.both(OLD, new) == {
        "10.0.0.1": {"ssh", "web", "ping"},
        "10.0.0.2": {"ssh"},
        "10.0.0.3": {"ssh"},
    }


def test_the_file_says_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "granted.json"
    assert granted.read(path) == {}
    granted.write(path, OLD)
    assert granted.read(path) == OLD
