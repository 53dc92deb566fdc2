"""A page of a container of many costs what one of few costs: counted in rows and searches."""

from pathlib import Path

import pytest

from storage.objects import container
from storage.objects.container import Container
from storage.objects.listing import Query, Subdir
from storage.objects.object_file import ObjectRecord
from tests.storage.objects.verbs import ACCOUNT

FEW, MANY = 1_000, 50_000


def names_of(count: int) -> list[str]:
    """A hundred folders of names, and one name between each two."""
    inside = [f"d{n % 100:02}/{n:06}" for n in range(count)]
    return inside + [f"d{n:02}x" for n in range(100)]


@pytest.fixture(scope="module", params=[FEW, MANY], ids=["few", "many"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    path: Path = tmp_path_factory.mktemp("c") / "c.sqlite"
    records = (
        ObjectRecord(
            name=name, written=n + 1, timestamp=n + 1, size_bytes=1, etag="e", xxh3="x",
            content_type="t",
        )
        for n, name in enumerate(names_of(request.param))
    )  # fmt: skip
    Container.create(path, ACCOUNT, name="c", timestamp=1, records=records)
    found = Container(path)
    yield found
    found.close()


class Work:
    """Counts what SQLite does for a reader: its instructions, in hundreds."""

    def __init__(self, opened: Container) -> None:
        self._reader = opened._db._reader
        self.steps = 0

    def __enter__(self) -> "Work":
        self._reader.set_progress_handler(self._count, 100)
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.set_progress_handler(None, 0)

    def _count(self) -> int:
        self.steps += 1
        return 0


def test_a_page_of_names_reads_only_its_rows(opened: Container):
    with Work(opened) as work:
        page = opened.page(Query(marker="d50/", limit=100))

    assert next(row.name for row in page).startswith("d50")
    assert work.steps < 30


@pytest.mark.parametrize("is_reverse", [False, True])
def test_folders_are_leapt_over(opened: Container, is_reverse: bool):
    """Two searches a folder, however many names it hides."""
    with Work(opened) as work:
        page = opened.page(Query(delimiter="/", is_reverse=is_reverse))

    assert len(page) == 200
    assert sum(isinstance(row, Subdir) for row in page) == 100
    assert work.steps < 150


def test_nothing_is_sorted_or_scanned(opened: Container):
    for sql in (container.LIST, container.LIST_REVERSE):
        with opened._db.rows(f"EXPLAIN QUERY PLAN {sql}", ("a", "b", 10)) as rows:
            assert [row[3] for row in rows] == [
                "SEARCH objects USING PRIMARY KEY (name>? AND name<?)"
            ]
