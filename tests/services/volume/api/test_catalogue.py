import pytest

from appliance import config, context, errors, ids
from appliance.db import connection, services
from services.volume.api import types
from services.volume.api.catalogue import Catalogue
from tests.appliance import rows
from tests.services.volume.api.requests import CTX

ADMIN = context.RequestContext(project_id=ids.ProjectId("p0"), roles=frozenset({"admin"}))


@pytest.fixture
def catalogue(settings: config.Settings, db: connection.Database) -> Catalogue:
    return Catalogue(db=db, place=types.place(settings))


def test_the_pool_is_the_one_type(catalogue: Catalogue) -> None:
    (sparse,) = catalogue.types(CTX)

    assert sparse.name == "sparse"
    assert catalogue.type(CTX, "sparse") == catalogue.type(CTX, sparse.id) == sparse
    assert ids.is_uuid(sparse.id)
    with pytest.raises(errors.NotFound):
        catalogue.type(CTX, "lvm")


def test_a_pool_that_nobody_knows_is_an_error_of_the_settings(settings: config.Settings) -> None:
    with pytest.raises(errors.ConfigError, match="known: sparse, lvm"):
        types.place(config.parse({"volume": {"pool": "zfs"}}, home=settings.home))


def test_usage_counts_volumes_and_gigabytes(catalogue: Catalogue, db: connection.Database) -> None:
    rows.add_volume(db, size_gib=3)

    assert catalogue.usage(CTX).used == {"volumes": 1, "snapshots": 0, "gigabytes": 3}
    assert catalogue.quota_set(ADMIN, "p1").used["gigabytes"] == 3
    assert catalogue.quota_set(CTX, "p1").limits["volumes"] == 10
    with pytest.raises(errors.Forbidden):
        catalogue.quota_set(CTX, "p2")


def test_only_an_admin_sees_the_services(catalogue: Catalogue, db: connection.Database) -> None:
    with db.transaction() as tx:
        for name in ("volume", "compute"):
            services.register(tx, f"{name}.box1", name=name, host="box1")

    assert [row.topic for row in catalogue.services(ADMIN)] == ["volume.box1"]
    assert catalogue.zones(CTX) == ["nova"]
    with pytest.raises(errors.Forbidden):
        catalogue.services(CTX)
