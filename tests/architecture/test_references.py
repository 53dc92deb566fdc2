import pytest

from tests import references


@pytest.mark.parametrize("name", references.PAGES)
def test_generated_pages_are_current(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    assert (references.FOLDER / name).read_text() == references.PAGES[name](), (
        "run `just regenerate` and read the diff"
    )
