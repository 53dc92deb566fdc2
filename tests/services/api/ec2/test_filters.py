"""Filters: all must hold, any value of one is enough."""

from datetime import UTC, datetime

import pytest

from services.api.ec2 import filters, refusals

FRUIT = ("apple", "pear", "plum*", "Apple")
FACTS = {
    "name": lambda one: one,
    "length": len,
    "is-long": lambda one: len(one) > 4,
    "letters": tuple,
    "nothing": lambda _: None,
    "since": lambda _: datetime(2011, 9, 22, tzinfo=UTC),
}


def _kept(*asked):
    filters_ = [{"Name": name, "Values": values} for name, *values in asked]
    return filters.sift(FRUIT, filters_, FACTS, tags_of=lambda one: {"kind": one[:1]})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([], FRUIT),
        ([("name", "apple", "pear")], ("apple", "pear")),
        ([("name", "a*")], ("apple",)),
        ([("name", "p???")], ("pear",)),
        ([("name", "p*"), ("is-long", "true")], ("plum*",)),
        ([("name", r"plum\*")], ("plum*",)),
        ([("name", r"\*")], ()),
        ([("name", "*l*")], ("apple", "plum*", "Apple")),
        ([("name", "*p*le")], ("apple", "Apple")),
        ([("name", "a*p*p*l*e")], ("apple",)),
        ([("name", "a*p*p*p*e")], ()),
        ([("name", "pe*ear")], ()),
        ([("name", "**")], FRUIT),
        ([("name", "apple.")], ()),
        ([("length", "4")], ("pear",)),
        ([("is-long", "false")], ("pear",)),
        ([("letters", "u", "r")], ("pear", "plum*")),
        ([("nothing", "*")], ()),
        ([("since", "2011-09-22T00:00:00.000Z")], FRUIT),
        ([("tag:kind", "p")], ("pear", "plum*")),
        ([("tag-key", "kind")], FRUIT),
        ([("tag-key", "Kind")], ()),
        ([("tag-value", "A")], ("Apple",)),
        ([("name",)], ()),
    ],
)
def test_what_is_kept(asked, expected):
    assert tuple(_kept(*asked)) == expected


@pytest.mark.parametrize("name", ["fish", "Name", "", "tag", "tag:", "tagfish"])
def test_an_unknown_filter_is_refused(name):
    with pytest.raises(refusals.Refused, match=f"The filter '{name}' is invalid") as caught:
        _kept((name, "x"))
    assert caught.value.code == "InvalidParameterValue"


def test_a_value_of_many_stars_is_soon_found_wrong():
    values = [{"Name": "tag:kind", "Values": ["*a" * 60 + "b"]}]

    assert not filters.sift(FRUIT, values, FACTS, tags_of=lambda _: {"kind": "a" * 255})


def test_what_has_no_tags_has_no_filters_of_tags():
    with pytest.raises(refusals.Refused):
        filters.sift(FRUIT, [{"Name": "tag:kind", "Values": ["p"]}], FACTS)
