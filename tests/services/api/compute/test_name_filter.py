"""The name filter: what of a regular expression it understands, and that it cannot be made slow."""

import pytest

from appliance import errors
from services.api.compute import name_filter


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("", "web", True),
        ("eb", "web", True),
        ("ab", "web", False),
        ("^we", "web", True),
        ("^eb", "web", False),
        ("eb$", "web", True),
        ("we$", "web", False),
        ("^web$", "web", True),
        ("^web$", "web2", False),
        ("^w.*b$", "web", True),
        ("^w.*b$", "wb", True),
        ("^w.*w$", "w", False),
        ("a.*b.*c", "xaxbxcx", True),
        ("a.*b.*c", "cba", False),
        (r"web\.1", "web.1", True),
        ("web.1", "web.1", True),
        (r"cost\$", "cost$", True),
    ],
)
def test_anchors_gaps_and_literals_are_understood(pattern, name, matches):
    assert name_filter.matcher(pattern)(name) is matches


@pytest.mark.parametrize("pattern", ["(a+)+$", "[a-z]", "a|b", "a{2}", "a*", "a?"])
def test_other_operators_are_refused(pattern):
    with pytest.raises(errors.BadRequest):
        name_filter.matcher(pattern)
