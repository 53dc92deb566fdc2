"""Lifecycle rules: what expires by itself, and when. Transitions are to nowhere: NotImplemented.

A rule counts from midnight (UTC) after an object's last change, as S3's do.
"""

from __future__ import annotations

import email.utils
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from services.http.endpoint import Reply
from services.object import sysmeta, versions
from services.object.bucket import Bucket
from services.object.s3 import configurations, documents, tags
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from storage.objects import timestamps

RULES_MAX: Final = 1000
DAY_S: Final = 86_400
_UNSERVED: Final = ("Transition", "NoncurrentVersionTransition")

Rule = Mapping[str, Any]


def get(call: Call) -> Reply:
    """GetBucketLifecycleConfiguration: the document as it was put."""
    if not (kept := call.bucket.kept(sysmeta.LIFECYCLE)):
        raise Refused("NoSuchLifecycleConfiguration")
    tree = [("Rule", [(tag, _tree(v)) for tag, v in rule["xml"]]) for rule in json.loads(kept)]
    return configurations.reply("LifecycleConfiguration", tree)


def put(call: Call) -> Reply:
    """PutBucketLifecycleConfiguration."""
    nodes = call.document("LifecycleConfiguration").all("Rule")
    if not 1 <= len(nodes) <= RULES_MAX:
        raise Refused("MalformedXML")
    rules = [_rule(node, number) for number, node in enumerate(nodes)]
    if len({rule["id"] for rule in rules}) != len(rules):
        raise Refused("InvalidArgument", "Rule ID must be unique.")
    configurations.keep(call, sysmeta.LIFECYCLE, json.dumps(rules))
    return Reply()


def delete(call: Call) -> Reply:
    """DeleteBucketLifecycle."""
    configurations.keep(call, sysmeta.LIFECYCLE, None)
    return Reply(status=204)


def rules_of(bucket: Bucket) -> list[Rule]:
    """The rules that are on."""
    kept = bucket.kept(sysmeta.LIFECYCLE)
    return [rule for rule in json.loads(kept) if rule["is_on"]] if kept else []


def expiration(bucket: Bucket, key: str, version: versions.Version) -> dict[str, str]:
    """The header that says when an object will expire, if a rule says so."""
    found = [
        (moment, rule["id"])
        for rule in rules_of(bucket)
        if is_for(rule, key, version) and (moment := expires_at(rule, version.modified)) is not None
    ]
    if not found:
        return {}
    moment, rule_id = min(found)
    date = email.utils.formatdate(moment, usegmt=True)
    return {"x-amz-expiration": f'expiry-date="{date}", rule-id="{quote(rule_id)}"'}


def is_for(rule: Rule, key: str, version: versions.Version) -> bool:
    """Whether a rule's filter lets a version through."""
    if not key.startswith(rule["prefix"]):
        return False
    if not rule["more_than"] < version.size_bytes < rule["less_than"]:
        return False
    if not rule["tags"]:
        return True
    own = dict(tags.pairs(version.record.metadata.get(sysmeta.TAGS, "")))
    return all(own.get(tag) == value for tag, value in rule["tags"])


def expires_at(rule: Rule, modified: int) -> float | None:
    """When a current version that was written then expires, in seconds since 1970."""
    if rule["date_s"]:
        return float(rule["date_s"])
    return after(modified, rule["days"]) if rule["days"] else None


def after(ticks: int, days: int) -> float:
    """The midnight after so many days."""
    moment_s = ticks / timestamps.TICKS_PER_SECOND + days * DAY_S
    return -(-moment_s // DAY_S) * DAY_S


def _rule(node: documents.Node, number: int) -> Rule:
    if any(node.find(tag) is not None for tag in _UNSERVED):
        raise Refused("NotImplemented", "There is no other storage class to go to.")
    status = node.value("Status")
    rule_id = node.value("ID") or f"rule-{number}"
    if status not in ("Enabled", "Disabled") or len(rule_id) > 255:
        raise Refused("MalformedXML")
    expiry = node.find("Expiration") or documents.Node("")
    old = node.find("NoncurrentVersionExpiration") or documents.Node("")
    stale = node.find("AbortIncompleteMultipartUpload") or documents.Node("")
    rule = {
        "id": rule_id, "is_on": status == "Enabled", **_filter(node),
        "days": _number(expiry, "Days"), "date_s": _date(expiry.value("Date")),
        "is_marker_removed": expiry.value("ExpiredObjectDeleteMarker") == "true",
        "old_days": _number(old, "NoncurrentDays"),
        "old_kept": _number(old, "NewerNoncurrentVersions"),
        "stale_days": _number(stale, "DaysAfterInitiation"),
        "xml": [[child.tag, _raw(child)] for child in node.children],
    }  # fmt: skip
    actions = ("days", "date_s", "is_marker_removed", "old_days", "stale_days")
    if not any(rule[name] for name in actions):
        raise Refused("InvalidRequest", "At least one action needs to be specified in a rule")
    return rule


def _filter(node: documents.Node) -> dict[str, Any]:
    where = node.find("Filter")
    parts = where if where is not None else node
    if where is not None and (both := where.find("And")) is not None:
        parts = both
    less = parts.value("ObjectSizeLessThan")
    return {
        "prefix": parts.value("Prefix"),
        "tags": [[tag.value("Key"), tag.value("Value")] for tag in parts.all("Tag")],
        "more_than": _number(parts, "ObjectSizeGreaterThan", least=0) if _has(parts) else -1,
        "less_than": _number(parts, "ObjectSizeLessThan") if less else 1 << 62,
    }


def _has(node: documents.Node) -> bool:
    return node.find("ObjectSizeGreaterThan") is not None


def _number(node: documents.Node, tag: str, *, least: int = 1) -> int:
    if node.find(tag) is None:
        return 0
    text = node.value(tag)
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) >= least):
        raise Refused("InvalidArgument", f"'{tag}' must be a positive integer")
    return int(text)


def _date(text: str) -> int:
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("MalformedXML") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.timestamp() % DAY_S:
        raise Refused("InvalidArgument", "'Date' must be at midnight GMT")
    return int(moment.timestamp())


def _raw(node: documents.Node) -> Any:
    return [[c.tag, _raw(c)] for c in node.children] if node.children else node.text


def _tree(value: Any) -> Any:
    return value if isinstance(value, str) else [(tag, _tree(inner)) for tag, inner in value]


def named(rules: list[Rule], name: str) -> Iterator[Rule]:
    """The rules that have such an action."""
    return (rule for rule in rules if rule[name])
