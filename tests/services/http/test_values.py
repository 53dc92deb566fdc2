"""Numbers and booleans are read in every form that clients send, and nothing else is."""

import pytest

from appliance import errors
from services.http import values


@pytest.mark.parametrize(("value", "expected"), [(0, 0), ("7", 7), (2**31 - 1, 2**31 - 1)])
def test_a_number_may_be_text(value, expected):
    assert values.number("size", value) == expected


@pytest.mark.parametrize("value", [-1, "-1", "many", "1.5", "", 2**31])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(errors.BadRequest, match=rf"attribute size\. Value: {value}"):
        values.number("size", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("True", True), (1, True), ("on", True), (False, False), ("no", False)],
)
def test_a_boolean_may_be_a_word(value, expected):
    assert values.flag("force", value) is expected


def test_what_is_no_boolean_is_refused_by_name():
    with pytest.raises(errors.BadRequest, match=r"attribute force\. Value: perhaps"):
        values.flag("force", "perhaps")
