"""Microversions are asked for in a header, and only those that there are."""

import pytest

from appliance import context, errors
from services.http import microversions
from services.http.endpoint import Request
from services.http.microversions import Version

RANGE = microversions.Range(service="volume", least=Version(3, 0), most=Version(3, 3))


def asking(text: str) -> Request:
    return Request(
        ctx=context.RequestContext(), method="GET", url_path="/", path={}, pairs=(),
        headers={"OpenStack-API-Version": text}, origin="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "3.0"),
        ("compute 2.1", "3.0"),
        ("volume 3.2", "3.2"),
        ("compute 2.1, volume 3.1", "3.1"),
        ("volume latest", "3.3"),
    ],
)
def test_the_least_is_answered_unless_another_is_asked_for(text: str, expected: str) -> None:
    assert str(RANGE.wanted(asking(text))) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("volume 3.4", microversions.NotAcceptable),
        ("volume 2.9", microversions.NotAcceptable),
        ("volume 3.01", errors.BadRequest),
        ("volume three", errors.BadRequest),
        ("volume 3." + "9" * 5000, errors.BadRequest),
    ],
)
def test_what_there_is_not_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        RANGE.wanted(asking(text))
