"""Listings answer as S3's do."""

import pytest

from tests.services.object.s3.clients import refused


@pytest.fixture
def filled(s3, bucket):
    for key in ("a", "b/1", "b/2", "b/3/x", "c", "d+é/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return s3


def keys(page):
    return [each["Key"] for each in page.get("Contents", ())]


def prefixes(page):
    return [each["Prefix"] for each in page.get("CommonPrefixes", ())]


def test_a_delimiter_rolls_up(filled):
    page = filled.list_objects_v2(Bucket="books", Delimiter="/")

    assert (keys(page), prefixes(page)) == (["a", "c"], ["b/", "d+é/"])
    assert page["KeyCount"] == 4
    page = filled.list_objects(Bucket="books", Delimiter="/", Prefix="b/")
    assert (keys(page), prefixes(page)) == (["b/1", "b/2"], ["b/3/"])


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_meet_without_a_gap(filled, size, delimiter):
    whole = filled.list_objects_v2(Bucket="books", Delimiter=delimiter)
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(
            filled.get_paginator(operation).paginate(
                Bucket="books", Delimiter=delimiter, PaginationConfig={"PageSize": size}
            )
        )
        assert [key for page in pages for key in keys(page)] == keys(whole)
        assert [prefix for page in pages for prefix in prefixes(page)] == prefixes(whole)


def test_where_a_listing_begins(filled):
    assert keys(filled.list_objects(Bucket="books", Marker="b/2")) == ["b/3/x", "c", "d+é/1"]
    assert keys(filled.list_objects_v2(Bucket="books", StartAfter="c")) == ["d+é/1"]


def test_an_empty_page(filled):
    page = filled.list_objects_v2(Bucket="books", MaxKeys=0)

    assert (keys(page), page["IsTruncated"]) == ([], False)
    assert keys(filled.list_objects_v2(Bucket="books", Prefix="zz")) == []


def test_what_a_row_says(filled):
    (row,) = filled.list_objects(Bucket="books", Prefix="c")["Contents"]
    head = filled.head_object(Bucket="books", Key="c")

    assert (row["ETag"], row["Size"], row["StorageClass"]) == (head["ETag"], 1, "STANDARD")
    assert row["LastModified"] == head["LastModified"]
    assert row["Owner"]["ID"] == "p"


def test_a_wrong_number_and_a_wrong_token_are_refused(filled):
    assert refused(filled.list_objects_v2, Bucket="books", ContinuationToken="") == (
        "InvalidArgument"
    )
    assert refused(filled.list_objects_v2, Bucket="books", MaxKeys=-1) == "InvalidArgument"
    assert refused(filled.list_objects_v2, Bucket="none") == "NoSuchBucket"


def test_keys_that_no_xml_can_hold_are_listed_encoded(s3, bucket, http):
    s3.put_object(Bucket=bucket, Key="a\x01b\nc", Body=b"")

    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["a\x01b\nc"]
