"""Writes come so often."""

import pytest

from appliance import errors
from services.http import app
from services.object import swift
from services.object.swift.ratelimit import BUFFER_S, RateLimit, Rates
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from tests import asgi
from tests.services.object.conftest import STRANGER, login

O = ObjectName("a", "c", "o")  # noqa: E741


def test_a_quiet_client_may_catch_up_and_then_keeps_the_rate():
    now_s = [100.0]
    limit = RateLimit(Rates(container_per_s=2.0), lambda: now_s[0])

    for _ in range(int(BUFFER_S * 2) + 1):
        limit.count(O)
    with pytest.raises(errors.NovaboxError, match="Slow down") as refused:
        limit.count(O)
    assert refused.value.status == 498
    limit.count(ObjectName("a", "another", "o"))
    limit.count(ObjectName("a", "c", ""))
    now_s[0] += 0.5
    limit.count(O)
    with pytest.raises(errors.NovaboxError, match="Slow down"):
        limit.count(O)


def test_writes_over_the_rate_are_refused_and_reads_are_not(store: ObjectStore):
    face = swift.face(store, rates=Rates(account_per_s=1.0, container_per_s=0.1))
    application = app.Application([face], login=login, target="object")
    client = asgi.client(application, headers={"X-Auth-Token": "member"})
    path = "/v1/AUTH_p/c"

    statuses = [client.put(path).status_code for _ in range(8)]
    assert (statuses[0], 498 in statuses) == (201, True)
    assert client.put(f"{path}/o", content=b"").status_code == 201
    assert client.delete(f"{path}/o").status_code == 498
    assert client.get(path).status_code == 200
    assert client.get("/info").json()["ratelimit"]["account_ratelimit"] == 1.0


def test_who_may_not_write_uses_nothing_up(store: ObjectStore):
    face = swift.face(store, rates=Rates(account_per_s=1.0))
    application = app.Application([face], login=login, target="object")
    client = asgi.client(application, headers={"X-Auth-Token": "member"})

    for _ in range(20):
        assert client.put("/v1/AUTH_p/c", headers=STRANGER).status_code == 403
    assert client.put("/v1/AUTH_p/c").status_code == 201
