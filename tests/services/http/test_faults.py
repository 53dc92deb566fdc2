"""An error looks as its API's real server writes it."""

import json

import pytest

from appliance import errors
from services.http import faults

FAULT = faults.of(errors.NotFound("security group", "<b>"), accept="*/*")
TEXT = "Security group <b> could not be found."


@pytest.mark.parametrize(
    ("formatter", "expected"),
    [
        (faults.keystone, {"error": {"code": 404, "message": TEXT, "title": "Not Found"}}),
        (faults.nova, {"itemNotFound": {"code": 404, "message": TEXT}}),
        (
            faults.neutron,
            {"NeutronError": {"type": "SecurityGroupNotFound", "message": TEXT, "detail": ""}},
        ),
        (
            faults.novabox,
            {"error": {"code": 404, "type": "SecurityGroupNotFound", "message": TEXT}},
        ),
    ],
)
def test_json_apis_have_their_own_envelope(formatter, expected):
    content_type, body = formatter(FAULT)

    assert ("application/json", expected) == (content_type, json.loads(body))


@pytest.mark.parametrize("formatter", [faults.glance, faults.swift])
def test_html_errors_escape_what_they_quote(formatter):
    content_type, body = formatter(FAULT)

    assert content_type.startswith("text/html")
    assert b"Security group &lt;b&gt; could not be found." in body
    assert b"Not Found" in body


def test_glance_writes_json_for_those_who_read_nothing_else():
    fault = faults.Fault(status=409, message="busy", accept="application/json")

    content_type, body = faults.glance(fault)

    expected = {"message": "busy", "code": "409 Conflict", "title": "Conflict"}
    assert ("application/json", expected) == (content_type, json.loads(body))


def test_a_status_that_nova_has_no_name_for_is_a_compute_fault():
    _, body = faults.nova(faults.Fault(status=500, message="x"))

    assert json.loads(body) == {"computeFault": {"code": 500, "message": "x"}}


def test_cinder_says_when_to_try_again_what_is_over_a_limit():
    _, over = faults.cinder(faults.Fault(status=413, message="full"))
    _, missing = faults.cinder(FAULT)

    limit = {"code": 413, "message": "full", "retryAfter": "0"}
    assert json.loads(over) == {"overLimit": limit}
    assert json.loads(missing) == {"itemNotFound": {"code": 404, "message": TEXT}}


def test_what_a_client_sent_is_not_repeated_without_end():
    fault = faults.of(errors.BadRequest("x" * 1_000_000))

    assert len(fault.message) < 2100
    assert fault.message.endswith("x…")
