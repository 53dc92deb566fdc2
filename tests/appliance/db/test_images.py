"""Rows of images: who sees which, in which order and page; statuses change as the table says."""

import dataclasses
import itertools

import pytest

from appliance import clock, context, errors, ids
from appliance.db import connection, images
from appliance.db.images import Condition, Query
from appliance.model import image as model
from appliance.model.image import Image, ImageEvent, ImageStatus, Visibility

ME = context.RequestContext(project_id=ids.ProjectId("me"), roles=frozenset({"member"}))
ADMIN = context.RequestContext(project_id=ids.ProjectId("boss"), roles=frozenset({"admin"}))
WORKER = context.RequestContext(project_id=ids.ProjectId("s"), roles=frozenset({"service"}))

_moments = itertools.count()


def add(db: connection.Database, name: str, **columns: object) -> Image:
    now = clock.stamp(1_000_000_000 + next(_moments))
    values: dict[str, object] = {
        "id": ids.new_uuid(), "name": name, "status": ImageStatus.QUEUED,
        "visibility": Visibility.SHARED, "project_id": "me", "container_format": "bare",
        "disk_format": "raw", "size_bytes": None, "virtual_size_bytes": None,
        "checksum_md5": None, "checksum_sha512": None, "checksum_xxh3": None, "min_disk_gib": 0,
        "min_memory_mib": 0, "is_protected": 0, "is_hidden": 0, "store": None, "location": None,
        "request_id": ids.new_request_id(), "created_at": now, "updated_at": now,
        "deleted_at": None, "claim_owner": None, "claim_expires_at": None, "properties": {},
        "tags": (),
    }  # fmt: skip
    image = Image(**values | columns)  # type: ignore[arg-type]  # a test's own mistake shows
    with db.transaction() as tx:
        images.create(tx, image)
    return image


def names(db: connection.Database, ctx: context.RequestContext, **query: object) -> list[str]:
    return [str(image.name) for image in images.visible(db, ctx, Query(**query))]


def test_what_was_written_is_read(db: connection.Database):
    image = add(db, "a", properties={"os": "linux", "x": ""}, tags=("t1", "t2"))

    assert images.get(db, image.id) == image
    with pytest.raises(errors.Conflict, match="already exists"):
        add(db, "b", id=image.id)
    with pytest.raises(errors.NotFound):
        images.get(db, ids.new_uuid())


@pytest.fixture
def four(db: connection.Database) -> dict[Visibility, Image]:
    """Another project's images, one of each visibility, named by it."""
    return {each: add(db, each, visibility=each, project_id="other") for each in Visibility}


def test_visibility_says_who_sees_an_image(db: connection.Database, four: dict[Visibility, Image]):
    add(db, "mine")

    def seen(ctx: context.RequestContext) -> set[str]:
        found = set()
        for visibility, image in four.items():
            try:
                images.get_visible(db, image.id, ctx)
            except errors.NotFound:
                continue
            found.add(str(visibility))
        return found

    assert seen(ME) == {"public", "community"}
    assert seen(ADMIN) == seen(WORKER) == set(Visibility)
    assert sorted(names(db, ME)) == ["mine", "public"]
    assert sorted(names(db, ADMIN)) == ["mine", "private", "public", "shared"]
    community = (Condition(column="visibility", operator="=", values=("community",)),)
    assert (
        names(db, ME, conditions=community)
        == names(db, ADMIN, conditions=community)
        == ["community"]
    )


def test_a_deleted_image_is_seen_by_nobody(db: connection.Database):
    image = add(db, "a", deleted_at=clock.stamp())

    assert names(db, ADMIN) == []
    with pytest.raises(errors.NotFound):
        images.get_visible(db, image.id, ADMIN)
    assert images.get(db, image.id).deleted_at


def test_a_list_is_sorted_and_paged_without_a_gap(db: connection.Database):
    for name in "bacab":
        add(db, name)
    sort = (("name", "asc"), ("created_at", "desc"), ("id", "desc"))

    whole = images.visible(db, ME, Query(sort=sort))
    paged: list[Image] = []
    while page := images.visible(
        db, ME, Query(sort=sort, limit=2, marker=paged[-1].id if paged else None)
    ):
        paged += page

    assert paged == whole
    assert "".join(str(image.name) for image in whole) == "aabbc"
    assert whole[0].created_at > whole[1].created_at
    assert names(db, ME, limit=0) == []


def test_a_marker_that_is_not_in_the_list_is_bad(db: connection.Database, four: object):
    other = images.visible(db, ADMIN)[-1]
    private = next(image for image in four.values() if image.visibility == "private")

    for marker in (ids.new_uuid(), private.id):
        with pytest.raises(errors.BadRequest, match="Marker"):
            images.visible(db, ME, Query(marker=marker))
    assert images.visible(db, ADMIN, Query(marker=other.id)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"conditions": (Condition(column="name", operator="=", values=("a", "c")),)}, "ca"),
        ({"conditions": (Condition(column="name", operator="=", values=()),)}, ""),
        ({"conditions": (Condition(column="size_bytes", operator=">=", values=(20,)),)}, "cb"),
        ({"properties": {"os": "linux"}}, "ba"),
        ({"properties": {"os": "linux", "arch": "arm"}}, "b"),
        ({"tags": ("x",)}, "cb"),
        ({"tags": ("x", "y")}, "c"),
        (
            {
                "conditions": (
                    Condition(column="created_at", operator="<", values=("2000-01-01T00:00:00",)),
                )
            },
            "",
        ),
    ],
)
def test_a_list_shows_what_every_condition_holds_for(db, query, expected):
    add(db, "a", size_bytes=10, properties={"os": "linux"})
    add(db, "b", size_bytes=20, properties={"os": "linux", "arch": "arm"}, tags=("x",))
    add(db, "c", size_bytes=30, tags=("x", "y"))

    assert "".join(names(db, ME, **query)) == expected


@pytest.mark.parametrize("event", ImageEvent)
@pytest.mark.parametrize("status", ImageStatus)
def test_only_legal_changes_of_status_happen(db, event, status):
    image = add(db, "a", status=status)
    legal = model.TRANSITIONS[event]

    with db.transaction() as tx:
        if status in legal:
            assert images.advance(tx, image, event).status is legal[status]
        else:
            with pytest.raises(errors.Conflict):
                images.advance(tx, image, event)


def test_a_change_of_status_is_one_compare_and_swap(db: connection.Database):
    image = add(db, "a")
    with db.transaction() as tx:
        held = images.advance(tx, image, ImageEvent.UPLOAD, claim_owner="a")

    with db.transaction() as tx, pytest.raises(errors.Superseded):
        images.advance(tx, image, ImageEvent.DELETE)
    stranger = dataclasses.replace(held, claim_owner="b")
    with db.transaction() as tx, pytest.raises(errors.Superseded):
        images.advance(tx, stranger, ImageEvent.STORED)
    with db.transaction() as tx, pytest.raises(errors.Superseded):
        images.claim(tx, stranger, owner="b", until=clock.stamp())
    with db.transaction() as tx:
        taken = images.claim(tx, held, owner="c", until=clock.stamp())
    assert (taken.claim_owner, [image.id for image in images.in_progress(db)]) == ("c", [held.id])


def test_an_update_replaces_what_a_user_may_say(db: connection.Database):
    image = add(db, "a", properties={"os": "linux", "x": "1"}, tags=("t1",))
    wanted = dataclasses.replace(
        image, name="b", properties={"os": "bsd"}, tags=("t2", "t2"), status=ImageStatus.ACTIVE
    )

    with db.transaction() as tx:
        images.update(tx, wanted)

    now = images.get(db, image.id)
    assert (now.name, now.properties, now.tags) == ("b", {"os": "bsd"}, ("t2",))
    assert (now.status, now.updated_at > image.updated_at) == (ImageStatus.QUEUED, True)


def test_lists_and_sweeps_read_by_an_index(db: connection.Database):
    for sql in (
        "SELECT * FROM images WHERE status IN ('saving', 'pending_delete')",
        "SELECT * FROM images WHERE deleted_at IS NULL "
        "AND (project_id = 'p' OR visibility IN ('public'))",
    ):
        plan = " ".join(row["detail"] for row in db.rows(f"EXPLAIN QUERY PLAN {sql}"))
        assert "USING INDEX" in plan
