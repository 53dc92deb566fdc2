"""XML is written so that everybody reads it, and read so that nobody is harmed."""

import pytest

from services.object.s3 import documents
from tests.services.object.s3.clients import URL
from tests.services.object.s3.test_signatures import SIGNERS, code, send, signed


def test_what_is_written_is_read():
    raw = documents.write("A", [("B", [("C", "x<&>\"'"), ("D", 3), ("E", True)]), ("B", [])])

    root = documents.read(raw)

    first, second = root.all("B")
    assert [(c.tag, c.text) for c in first.children] == [
        ("C", "x<&>\"'"),
        ("D", "3"),
        ("E", "true"),
    ]
    assert second.children == []


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">%s]><Delete>&l9;</Delete>""" % (
    b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
)
HOSTILE = {
    "bomb": BOMB,
    "file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete>&x;</Delete>',
    "empty type": b"<!DOCTYPE Delete><Delete/>",
    "deep": b"<a>" * 100_000,
    "many": b"<Delete>" + b"<a/>" * 200_000 + b"</Delete>",
    "cut": b"<Delete><Object>",
    "nothing": b"",
    "latin": b'<?xml version="1.0" encoding="utf-7"?><Delete/>',
    "nul": b"<Delete>\0</Delete>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_only_an_attacker_sends_is_refused(name):
    with pytest.raises(documents.Unreadable):
        documents.read(HOSTILE[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_by_the_face(bucket, http, name):
    request = signed(SIGNERS["v4"](), "POST", f"{URL}/books?delete", HOSTILE[name])

    answer = send(http, request)

    assert (answer.status_code, code(answer)) == (400, "MalformedXML")


def test_a_document_that_is_too_long_is_refused(bucket, http):
    data = b"<VersioningConfiguration>" + b" " * (2 << 20)
    request = signed(SIGNERS["v4"](), "PUT", f"{URL}/books?versioning", data)

    assert code(send(http, request)) == "MaxMessageLengthExceeded"
