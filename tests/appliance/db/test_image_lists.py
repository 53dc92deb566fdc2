"""Long lists of images and tasks: every page right, and none dearer than the first."""

import dataclasses
import functools
import itertools
import random
from collections.abc import Callable

import pytest

from appliance import clock, context, errors, ids
from appliance.db import connection, image_tasks, images
from appliance.db.image_tasks import Page
from appliance.db.images import Condition, Query
from appliance.model.image_task import ImageTask, TaskStatus
from tests.appliance.db.test_query_plans import Planner

MEMBER = context.RequestContext(project_id=ids.ProjectId("p1"), roles=frozenset({"member"}))
ADMIN = context.RequestContext(project_id=ids.ProjectId("p0"), roles=frozenset({"admin"}))
INSERT = """
INSERT INTO images (id, name, status, visibility, project_id, size_bytes, disk_format, request_id,
created_at, updated_at) VALUES (?, ?, 'active', ?, ?, ?, ?, 'r', ?, ?)
"""


def _fill(db: connection.Database, first: int, count: int) -> None:
    """Images of four projects, some of whose attributes are the same, or nothing."""
    chance = random.Random(first)
    with db.transaction() as tx:
        for n in range(first, first + count):
            visibility = ("public", "shared", "private", "community")[n % 4]
            name, size = chance.choice((None, "a", "b", f"n{n}")), chance.choice((None, 0, 7, n))
            row = (f"i{n:06}", name, visibility, f"p{n % 3}", size, chance.choice((None, "raw")))
            tx.execute(INSERT, (*row, *(clock.stamp(1000 + n // 2),) * 2))


def _steps(db: connection.Database, work: Callable[[], object]) -> int:
    """How many hundreds of instructions of SQLite's machine the work takes."""
    steps = itertools.count()

    def count() -> int:
        next(steps)
        return 0

    own = db._connection()
    own.set_progress_handler(count, 100)
    work()
    own.set_progress_handler(None, 0)
    return next(steps)


@pytest.mark.parametrize("key", images.SORT_COLUMNS)
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_pages_in_any_order_are_the_whole_list(db: connection.Database, key: str, way: str):
    _fill(db, 0, 60)
    sort = ((key, way), ("created_at", way), ("id", way))
    whole = images.visible(db, MEMBER, Query(sort=sort))
    found = images.visible(db, MEMBER, Query(sort=sort, limit=7))
    while page := images.visible(db, MEMBER, Query(sort=sort, limit=7, marker=found[-1].id)):
        found += page

    assert [one.id for one in found] == [one.id for one in whole]
    assert 20 < len(whole) < 60
    columns = [images.SORT_COLUMNS[each] for each, _ in sort]
    values = [tuple(getattr(one, column) for column in columns) for one in whole]
    assert values == sorted(values, key=_nulls_first, reverse=way == "desc")


def _nulls_first(values: tuple[object, ...]) -> tuple[tuple[bool, object], ...]:
    return tuple((value is not None, value if value is not None else 0) for value in values)


@pytest.mark.parametrize("ctx", [MEMBER, ADMIN], ids=["member", "admin"])
@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(marker="i000010"),
        Query(conditions=(Condition(column="visibility", operator="=", values=("public",)),)),
        Query(conditions=(Condition(column="status", operator="=", values=("queued",)),)),
        Query(conditions=(Condition(column="is_hidden", operator="=", values=(0,)),)),
        Query(tags=("x",), properties={"a": "b"}),
        Query(sort=(("name", "asc"), ("id", "asc"))),
    ],
)
def test_a_list_of_images_comes_from_indexes(db: connection.Database, ctx, query: Query):
    _fill(db, 0, 12)
    planner = Planner(db)
    images.visible(planner, ctx, query)

    scans = [plan for plan in planner.plans if plan.startswith("SCAN") and plan != "SCAN page"]
    assert [plan for plan in scans if "USING INDEX images_by_" not in plan] == []
    if query.sort == Query().sort and not query.conditions:
        whole = planner.plans[: planner.plans.index("SCAN page")]
        assert not any("TEMP B-TREE" in plan for plan in whole)  # the index is the order


@pytest.mark.parametrize("ctx", [MEMBER, ADMIN], ids=["member", "admin"])
def test_a_page_costs_the_same_wherever_it_is_and_however_many_there_are(db, ctx):
    _fill(db, 0, 5000)
    query = functools.partial(Query, limit=500)
    first = _steps(db, lambda: images.visible(db, ctx, query()))
    late = _steps(db, lambda: images.visible(db, ctx, query(marker="i001000")))
    _fill(db, 5000, 5000)
    among_more = _steps(db, lambda: images.visible(db, ctx, query()))

    assert late < first * 1.3
    assert among_more < first * 1.1


def _task(n: int, **columns: object) -> ImageTask:
    now = clock.stamp(1000 + n // 2)
    values = {
        "id": f"t{n:04}", "type": "import", "image_id": "i1", "project_id": f"p{n % 2}",
        "user_id": "u", "request_id": "r", "input": {}, "created_at": now, "updated_at": now,
    }  # fmt: skip
    return ImageTask(**values | columns)  # type: ignore[arg-type]  # a test's own mistake shows


def test_pages_of_tasks_are_the_whole_list_and_come_from_an_index(db: connection.Database):
    with db.transaction() as tx:
        for n in range(40):
            image_tasks.create(tx, _task(n))
            if n % 3:
                image_tasks.end(
                    tx, f"t{n:04}", TaskStatus.SUCCESS, expires_at=clock.stamp(5000 - n)
                )
    mine = {"project_id": "p1"}
    for is_ascending, column in itertools.product((False, True), image_tasks.SORT_COLUMNS):
        page = Page(limit=6, sort_column=column, is_ascending=is_ascending)
        found = image_tasks.listed(db, mine, page=page)
        while more := image_tasks.listed(
            db, mine, page=dataclasses.replace(page, marker=found[-1].id)
        ):
            found += more
        assert {one.id for one in found} == {f"t{n:04}" for n in range(1, 40, 2)}
        keys = [(getattr(one, column) or "", one.id) for one in found]
        assert keys == sorted(keys, reverse=not is_ascending)
    with pytest.raises(errors.BadRequest, match="could not be found"):
        image_tasks.listed(db, mine, page=Page(limit=6, marker="t0000"))
    planner = Planner(db)
    image_tasks.listed(planner, {}, page=Page(limit=6, marker="t0010"))
    assert any("image_tasks_by_created" in plan for plan in planner.plans)
    assert not any("TEMP B-TREE" in plan for plan in planner.plans)
