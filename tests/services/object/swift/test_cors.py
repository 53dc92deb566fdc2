"""Pages from elsewhere."""

import pytest
from starlette.testclient import TestClient

from tests.services.object.conftest import NOBODY

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/c", "/v1/AUTH_p/c/o"  # noqa: E741
PAGE = {"Origin": "https://here.example"}
ASK = {**PAGE, **NOBODY, "Access-Control-Request-Method": "PUT"}


@pytest.fixture
def opened(swifty: TestClient) -> TestClient:
    meta = "X-Container-Meta-Access-Control-"
    allowed = {
        f"{meta}Allow-Origin": "https://here.example https://there.example",
        f"{meta}Max-Age": "60", f"{meta}Expose-Headers": "x-mine",
    }  # fmt: skip
    swifty.post(C, headers=allowed)
    swifty.put(O, content=b"x", headers={"X-Object-Meta-A": "1"})
    return swifty


def test_a_page_that_is_named_may_ask(opened: TestClient):
    answer = opened.options(O, headers={**ASK, "Access-Control-Request-Headers": "x-auth-token"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://here.example"
    assert "PUT" in answer.headers["access-control-allow-methods"].split(", ")
    assert answer.headers["access-control-max-age"] == "60"
    assert answer.headers["access-control-allow-headers"] == "x-auth-token"


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (O, {"Origin": "https://else.example"}),
        (O, {"Access-Control-Request-Method": "BREW"}),
        (f"{A}/none/o", {}),
        (A, {}),
    ],
)
def test_others_may_not(opened: TestClient, path: str, changes: dict[str, str]):
    answer = opened.options(path, headers={**ASK, **changes})

    assert answer.status_code == 401
    assert "access-control-allow-origin" not in answer.headers


def test_answers_and_refusals_are_told_to_a_page(opened: TestClient):
    got = opened.get(O, headers=PAGE)
    refused = opened.get(O, headers={**PAGE, **NOBODY})

    for answer in (got, refused):
        assert answer.headers["access-control-allow-origin"] == "https://here.example"
        assert answer.headers["vary"] == "Origin"
    assert {"x-object-meta-a", "x-mine", "etag"} <= set(
        got.headers["access-control-expose-headers"].split(", ")
    )
    other = opened.get(O, headers={"Origin": "https://else.example"})
    assert "access-control-allow-origin" not in other.headers
    assert "access-control-allow-origin" not in opened.get(O).headers


def test_any_page_may_be_let_in(opened: TestClient):
    opened.post(C, headers={"X-Container-Meta-Access-Control-Allow-Origin": "*"})

    assert opened.get(O, headers=PAGE).headers["access-control-allow-origin"] == "*"
