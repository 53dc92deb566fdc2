"""Tags of objects."""

import pytest

from tests.services.object.s3.clients import refused


def test_tags_are_put_counted_and_deleted(s3, bucket):
    named = {"Bucket": bucket, "Key": "o"}
    s3.put_object(**named, Body=b"x", Tagging="a=1&b=%20%C3%BC")
    before = s3.head_object(**named)

    tags = s3.get_object_tagging(**named)["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": " ü"}]
    assert before["TagCount"] == 2
    s3.put_object_tagging(**named, Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(**named)["TagSet"] == [{"Key": "c", "Value": ""}]
    assert s3.head_object(**named)["LastModified"] == before["LastModified"]
    s3.delete_object_tagging(**named)
    assert s3.get_object_tagging(**named)["TagSet"] == []
    assert s3.get_object(**named)["Body"].read() == b"x"


@pytest.mark.parametrize(
    "tags",
    [[("a", "1"), ("a", "2")], [("k" * 129, "")], [("k", "v" * 257)], [("aws:x", "")],
     [(f"k{n}", "") for n in range(11)]],
)  # fmt: skip
def test_what_is_no_tag_is_refused(s3, bucket, tags):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")
    given = {"TagSet": [{"Key": key, "Value": value} for key, value in tags]}

    assert refused(s3.put_object_tagging, Bucket=bucket, Key="o", Tagging=given) == "InvalidTag"
    assert s3.get_object_tagging(Bucket=bucket, Key="o")["TagSet"] == []
