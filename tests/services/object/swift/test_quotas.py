"""Accounts and containers that may hold so much."""

import pytest
from starlette.testclient import TestClient

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o"  # noqa: E741
RESELLER = {"X-Auth-Token": "ResellerAdmin"}


def test_a_container_takes_so_many_bytes(swifty: TestClient):
    swifty.post(C, headers={"X-Container-Meta-Quota-Bytes": "10"})

    assert swifty.put(O, content=b"x" * 11).status_code == 413
    assert swifty.put(O, content=iter([b"x" * 6, b"x" * 6])).status_code == 413
    assert swifty.get(C).text == ""
    assert swifty.put(O, content=b"x" * 10).status_code == 201
    assert swifty.put(f"{C}/more", content=b"x").status_code == 413
    assert swifty.put(f"{C}/none", content=b"").status_code == 201


def test_a_container_takes_so_many_objects(swifty: TestClient):
    swifty.post(C, headers={"X-Container-Meta-Quota-Count": "1"})

    assert swifty.put(O, content=b"").status_code == 201
    assert swifty.put(f"{C}/second", content=b"").status_code == 413


def test_a_copy_counts_too(swifty: TestClient):
    swifty.put(O, content=b"x" * 11)
    swifty.put(f"{A}/small", headers={"X-Container-Meta-Quota-Bytes": "10"})

    answer = swifty.request("COPY", O, headers={"Destination": "small/o"})

    assert (answer.status_code, answer.text) == (413, "Upload exceeds quota.")


def test_a_quota_is_a_number(swifty: TestClient):
    for name in ("Bytes", "Count"):
        for value in ("x", "-1", "1.5", "9" * 30):
            header = {f"X-Container-Meta-Quota-{name}": value}
            assert swifty.post(C, headers=header).status_code == 400
    swifty.post(C, headers={"X-Container-Meta-Quota-Bytes": ""})
    assert swifty.put(O, content=b"x").status_code == 201


@pytest.mark.parametrize("name", ["X-Account-Meta-Quota-Bytes", "X-Account-Quota-Bytes"])
def test_an_account_takes_so_many_bytes_as_a_reseller_says(swifty: TestClient, name: str):
    assert swifty.post(A, headers={name: "10"}).status_code == 403
    assert swifty.post(A, headers={name: "x", **RESELLER}).status_code == 400
    assert swifty.post(A, headers={name: "10", **RESELLER}).status_code == 204

    assert swifty.put(O, content=b"x" * 11).status_code == 413
    assert swifty.put(O, content=b"x" * 10).status_code == 201
    assert swifty.post(A, headers={name: ""}).status_code == 403
    assert swifty.post(A, headers={f"X-Remove-{name[2:]}": "x"}).status_code == 403
    assert swifty.put(f"{C}/more", content=b"x" * 11, headers=RESELLER).status_code == 201
    assert swifty.post(A, headers={f"X-Remove-{name[2:]}": "x", **RESELLER}).status_code == 204
    assert swifty.put(f"{C}/others", content=b"x" * 11).status_code == 201


def test_an_account_takes_so_many_objects(swifty: TestClient):
    swifty.post(A, headers={"X-Account-Quota-Count": "0", **RESELLER})

    assert swifty.put(O, content=b"").status_code == 413
    assert swifty.head(A).headers["x-account-object-count"] == "0"
