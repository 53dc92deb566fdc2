"""Access lists, as text."""

import pytest

from appliance import context, ids
from services.object.swift import acl

SOMEBODY = context.RequestContext(
    user_id=ids.UserId("u1"), user_name="ann", user_domain_id="default",
    project_id=ids.ProjectId("p1"), project_name="lab", project_domain_id="default",
    roles=frozenset({"member"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" .r:* , .rlistings ", ".r:*,.rlistings"),
        (".referrer : *.example.com", ".r:.example.com"),
        (".ref:-bad.example.com", ".r:-bad.example.com"),
        ("p1:u1,,*:u2", "p1:u1,*:u2"),
        ("", ""),
    ],
)
def test_a_list_is_kept_in_its_usual_spelling(text: str, cleaned: str):
    assert acl.clean(text) == cleaned


@pytest.mark.parametrize("text", [".r:", ".r:-", ".r:*.", ".what:x", ".r:."])
def test_a_list_that_says_nothing_is_no_list(text: str):
    with pytest.raises(ValueError, match="ACL"):
        acl.clean(text)


def test_nobody_writes_by_where_they_come_from():
    with pytest.raises(ValueError, match="not allowed in write ACL"):
        acl.clean(".r:*", is_write=True)


@pytest.mark.parametrize(
    ("text", "is_let_in"),
    [
        ("p1:u1", True), ("p1:*", True), ("*:u1", True), ("*:*", True), ("lab:ann", True),
        ("p1:ann", True), ("member", True), ("p1:u2", False), ("p2:u1", False), ("admin", False),
        ("p1", False), ("u1", False), (":", False), ("p1:", False), ("", False), (".r:*", False),
        ("lab%3Aann", True),
    ],
)  # fmt: skip
def test_users_are_let_in_by_project_name_and_role(text: str, is_let_in: bool):
    assert acl.allows_user(text, SOMEBODY) == is_let_in


def test_nobody_is_a_user():
    assert not acl.allows_user("*:*", context.RequestContext())


@pytest.mark.parametrize(
    ("text", "referrer", "is_let_in"),
    [
        (".r:*", "", True),
        (".r:example.com", "http://example.com/page", True),
        (".r:example.com", "http://www.example.com/", False),
        (".r:.example.com", "http://www.example.com:8080/", True),
        (".r:.example.com", "http://badexample.com/", False),
        (".r:*,.r:-bad.example.com", "http://bad.example.com/", False),
        (".r:*,.r:-.example.com", "http://bad.example.com/", False),
        (".r:-bad.example.com,.r:*", "http://bad.example.com/", True),
        (".r:example.com", "http://[bad", False),
        ("*:*", "", False),
    ],
)
def test_referrers_are_let_in_by_host(text: str, referrer: str, is_let_in: bool):
    assert acl.allows_referrer(text, referrer, is_listing=False) == is_let_in


def test_a_listing_needs_its_own_word():
    assert not acl.allows_referrer(".r:*", "", is_listing=True)
    assert acl.allows_referrer(".r:*,.rlistings", "", is_listing=True)
    assert not acl.allows_referrer(".rlistings", "", is_listing=True)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('{"admin": ["p1:u1"], "read-only": ["*:*"]}', "admin"),
        ('{"read-write": ["lab:*"]}', "read-write"),
        ('{"read-only": ["p2:*", "member"]}', "read-only"),
        ('{"read-only": ["p2:*"]}', ""),
        ("", ""),
    ],
)
def test_an_accounts_list_gives_the_most_it_says(text: str, right: str):
    assert acl.account_right(text, SOMEBODY) == right


@pytest.mark.parametrize("text", ["[]", "x", '{"own": []}', '{"admin": "p1:u1"}', '{"admin": [1]}'])
def test_an_accounts_list_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        acl.clean_account(text)


def test_an_accounts_list_that_allows_nothing_is_empty():
    assert acl.clean_account('{"admin": []}') == ""
    assert acl.clean_account(" ") == ""
