"""/info tells the truth."""

from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY


def test_limits_are_those_that_are_kept(swifty: TestClient):
    info = swifty.get("/info", headers=NOBODY).json()
    longest = info["swift"]["max_object_name_length"]

    assert swifty.put(f"/v1/AUTH_p/c/{'n' * longest}", content=b"").status_code == 201
    assert swifty.put(f"/v1/AUTH_p/c/{'n' * (longest + 1)}", content=b"").status_code == 400
    too_long = "c" * (info["swift"]["max_container_name_length"] + 1)
    assert swifty.put(f"/v1/AUTH_p/{too_long}").status_code == 400
    names = {f"X-Container-Meta-{number}": "x" for number in range(info["swift"]["max_meta_count"])}
    assert swifty.post("/v1/AUTH_p/c", headers=names).status_code == 204
    assert swifty.post("/v1/AUTH_p/c", headers={"X-Container-Meta-More": "x"}).status_code == 400
    assert swifty.put("/v1/AUTH_p/c", headers={"X-Container-Meta-More": "x"}).status_code == 400
    assert swifty.get("/v1/AUTH_p/c?limit=10001").status_code == 412
    assert swifty.get(f"/v1/AUTH_p/c?limit={'9' * 5000}").status_code == 412


def test_what_is_off_is_not_there(client: TestClient):
    info = client.get("/info").json()

    assert not {"container_sync", "ratelimit", "s3api"} & set(info)
    assert info["tempurl"]["allowed_digests"] == ["sha1", "sha256", "sha512"]
