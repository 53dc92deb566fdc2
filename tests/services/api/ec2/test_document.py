"""Values become XML with no space between tags."""

from datetime import UTC, datetime

import pytest

from services.api.ec2 import document


def _inner(action, values):
    text = document.write(action, values, version="2016-11-15", request_id="req-1").decode()
    head, _, rest = text.partition("<requestId>req-1</requestId>")
    assert head.endswith(f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">')
    return rest.removesuffix(f"</{action}Response>")


def test_values_are_written_by_their_types():
    instance = {
        "InstanceId": "i-1", "AmiLaunchIndex": 0, "EbsOptimized": False, "Tags": [],
        "LaunchTime": "2011-09-22T12:00:00.123456Z", "Placement": {}, "KernelId": None,
        "State": {"Code": 16, "Name": "<&>"},
    }  # fmt: skip
    assert _inner("DescribeInstances", {"Reservations": [{"Instances": [instance]}]}) == (
        "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>"
        "<amiLaunchIndex>0</amiLaunchIndex><ebsOptimized>false</ebsOptimized><tagSet/>"
        "<launchTime>2011-09-22T12:00:00.123Z</launchTime><placement/>"
        "<instanceState><code>16</code><name>&lt;&amp;&gt;</name></instanceState>"
        "</item></instancesSet></item></reservationSet>"
    )


def test_nothing_is_return_true():
    assert _inner("DeleteVolume", {}) == "<return>true</return>"


def test_text_that_xml_cannot_have_is_replaced():
    written = _inner("CreateKeyPair", {"KeyName": "a\x00\x1bb\ud800"})

    assert written == "<keyName>a\ufffd\ufffdb\ufffd</keyName>"


def test_what_an_answer_has_no_place_for_is_a_mistake():
    with pytest.raises(KeyError, match="Fish"):
        document.write("CreateKeyPair", {"Fish": 1}, version="v", request_id="r")


def test_moments_are_utc_in_milliseconds():
    assert document.moment("2011-09-22T14:00:00.5+02:00") == "2011-09-22T12:00:00.500Z"
    assert document.moment(datetime(2011, 9, 22, tzinfo=UTC)) == "2011-09-22T00:00:00.000Z"
