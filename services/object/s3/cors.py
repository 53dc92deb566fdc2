"""Cross-origin rules of a bucket: kept, matched, answered to browsers (S3 API, "CORS")."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from typing import Any, Final

from services.http.endpoint import Reply
from services.object import sysmeta
from services.object.bucket import Bucket
from services.object.s3 import configurations, documents
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

RULES_MAX: Final = 100
_METHODS: Final = frozenset({"GET", "PUT", "HEAD", "POST", "DELETE"})
# element → whether a rule must have one
_LISTS: Final = {
    "AllowedHeader": False, "AllowedMethod": True, "AllowedOrigin": True, "ExposeHeader": False,
}  # fmt: skip

Rule = Mapping[str, Any]


def get(call: Call) -> Reply:
    """GetBucketCors."""
    if not (kept := call.bucket.kept(sysmeta.CORS)):
        raise Refused("NoSuchCORSConfiguration")
    tree = []
    for rule in json.loads(kept):
        elements = [("ID", rule["ID"])] if rule["ID"] else []
        elements += [(name, value) for name in _LISTS for value in rule[name]]
        age = [("MaxAgeSeconds", rule["MaxAgeSeconds"])] if rule["MaxAgeSeconds"] else []
        tree.append(("CORSRule", [*elements, *age]))
    return configurations.reply("CORSConfiguration", tree)


def put(call: Call) -> Reply:
    """PutBucketCors."""
    rules = [_rule(node) for node in call.document("CORSConfiguration").all("CORSRule")]
    if not 1 <= len(rules) <= RULES_MAX:
        raise Refused("MalformedXML")
    configurations.keep(call, sysmeta.CORS, json.dumps(rules))
    return Reply()


def delete(call: Call) -> Reply:
    """DeleteBucketCors."""
    configurations.keep(call, sysmeta.CORS, None)
    return Reply(status=204)


def preflight(call: Call) -> Reply:
    """OPTIONS: whether a page of that origin may send such a request."""
    origin = call.headers.get("origin", "")
    method = call.headers.get("access-control-request-method", "")
    if not origin or not method:
        raise Refused("InvalidRequest", "Insufficient information. Origin request header needed.")
    asked = call.headers.get("access-control-request-headers", "")
    wanted = [name.strip().lower() for name in asked.split(",") if name.strip()]
    rule = _find(call.found, origin, method)
    if rule is None or not all(_is_allowed(rule, name) for name in wanted):
        raise Refused("AccessDenied", "CORSResponse: This CORS request is not allowed.")
    said = _headers(rule, origin)
    if wanted:
        said["Access-Control-Allow-Headers"] = ", ".join(wanted)
    return Reply(headers=said)


def headers_for(bucket: Bucket | None, headers: Mapping[str, str], method: str) -> dict[str, str]:
    """What the answer to a request from a page says; nothing unless a rule allows it."""
    origin = headers.get("origin", "")
    rule = _find(bucket, origin, method) if origin else None
    return _headers(rule, origin) if rule is not None else {}


def _rule(node: documents.Node) -> Rule:
    age = node.value("MaxAgeSeconds")
    found = {name: [child.text for child in node.all(name)] for name in _LISTS}
    if any(is_needed and not found[name] for name, is_needed in _LISTS.items()):
        raise Refused("MalformedXML")
    if not set(found["AllowedMethod"]) <= _METHODS:
        raise Refused("InvalidRequest", "Found unsupported HTTP method in CORS config.")
    if any(o.count("*") > 1 for o in (*found["AllowedOrigin"], *found["AllowedHeader"])):
        raise Refused("InvalidRequest", "AllowedOrigin can not have more than one wildcard.")
    if age and not (age.isascii() and age.isdigit() and len(age) < 10):
        raise Refused("MalformedXML")
    return {"ID": node.value("ID"), "MaxAgeSeconds": int(age or 0), **found}


def _find(bucket: Bucket | None, origin: str, method: str) -> Rule | None:
    kept = bucket.kept(sysmeta.CORS) if bucket is not None else ""
    for rule in json.loads(kept) if kept else ():
        if method in rule["AllowedMethod"] and any(
            fnmatch.fnmatchcase(origin, pattern.replace("[", "[[]"))
            for pattern in rule["AllowedOrigin"]
        ):
            found: Rule = rule
            return found
    return None


def _is_allowed(rule: Rule, header: str) -> bool:
    return any(
        fnmatch.fnmatchcase(header, pattern.lower().replace("[", "[[]"))
        for pattern in rule["AllowedHeader"]
    )


def _headers(rule: Rule, origin: str) -> dict[str, str]:
    is_any = "*" in rule["AllowedOrigin"]
    said = {
        "Access-Control-Allow-Origin": "*" if is_any else origin,
        "Access-Control-Allow-Methods": ", ".join(rule["AllowedMethod"]),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    if not is_any:
        said["Access-Control-Allow-Credentials"] = "true"
    if rule["ExposeHeader"]:
        said["Access-Control-Expose-Headers"] = ", ".join(rule["ExposeHeader"])
    if rule["MaxAgeSeconds"]:
        said["Access-Control-Max-Age"] = str(rule["MaxAgeSeconds"])
    return said
