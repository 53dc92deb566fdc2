"""Bucket policies: the common grammar of IAM, read strictly and decided (IAM, "Policy grammar").

What is not understood (an operator, a key, NotPrincipal with Allow) is refused when the policy is
put, so that a policy never means less than it says. It refuses to know buckets and their owners.
"""

from __future__ import annotations

import fnmatch
import functools
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

BYTES_MAX: Final = 20 * 1024  # as AWS has it
VERSIONS: Final = ("2008-10-17", "2012-10-17")
ARN: Final = "arn:aws:s3:::"
# condition keys, in lower case; those of object tags end in the tag's own key
KEYS: Final = frozenset({
    "aws:sourceip", "aws:securetransport", "aws:referer", "aws:useragent", "aws:currenttime",
    "aws:epochtime", "aws:principaltype", "aws:userid", "aws:username",
    "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:x-amz-acl", "s3:versionid",
    "s3:x-amz-copy-source", "s3:x-amz-metadata-directive", "s3:x-amz-storage-class",
    "s3:x-amz-content-sha256", "s3:x-amz-server-side-encryption", "s3:authtype",
    "s3:signatureversion",
})  # fmt: skip
_TAG_KEYS: Final = ("s3:existingobjecttag/", "s3:requestobjecttag/")


class Malformed(Exception):
    """A policy that means nothing, or something that is not served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as a policy sees it. `keys` are the condition keys that it has."""

    action: str  # s3:GetObject
    resource: str  # arn:aws:s3:::bucket/key
    caller_id: str  # empty of who did not sign
    keys: Mapping[str, str]


def check(raw: bytes, bucket: str) -> None:
    """Refuse a policy that cannot be decided. Raises Malformed."""
    if len(raw) > BYTES_MAX:
        raise Malformed(f"The policy is longer than {BYTES_MAX} bytes.")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed("Policies must be valid JSON and the first byte must be '{'") from error
    if not isinstance(document, dict) or set(document) - {"Version", "Id", "Statement"}:
        raise Malformed("Unknown field in the policy.")
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise Malformed("The policy must contain a valid version string")
    statements = _list(document.get("Statement"))
    if not statements:
        raise Malformed("Missing required field Statement")
    for statement in statements:
        _check_statement(statement, bucket)


def decide(kept: str, asked: Asked) -> bool | None:
    """True when the policy allows it, False when it denies it, None when it says nothing."""
    found: bool | None = None
    for statement in _statements(kept):
        if _applies(statement, asked):
            if statement["Effect"] == "Deny":
                return False
            found = True
    return found


def is_public(kept: str) -> bool:
    """Whether it allows something to anybody, with no condition on from where."""
    return any(
        s["Effect"] == "Allow"
        and "*" in _principals(s.get("Principal"))
        and "aws:sourceip" not in json.dumps(s.get("Condition", {})).lower()
        for s in _statements(kept)
    )


@functools.lru_cache(maxsize=256)
def _statements(kept: str) -> list[Mapping[str, Any]]:
    return _list(json.loads(kept)["Statement"])


_FIELDS: Final = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
    "NotResource", "Condition",
}  # fmt: skip


def _check_statement(statement: Any, bucket: str) -> None:
    if not isinstance(statement, dict) or set(statement) - _FIELDS:
        raise Malformed("Unknown field in a statement.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Malformed("Invalid effect")
    for name in ("Principal", "Action", "Resource"):
        if (name in statement) == (f"Not{name}" in statement):
            raise Malformed(f"Missing required field {name}")
    if "NotPrincipal" in statement and statement["Effect"] == "Allow":
        raise Malformed("Allow with NotPrincipal is not supported.")
    if not _principals(statement.get("Principal", statement.get("NotPrincipal"))):
        raise Malformed("Invalid principal in policy")
    for action in _texts(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and not re.fullmatch(r"(?i)s3:[a-z0-9*?]+", action):
            raise Malformed("Policy has invalid action")
    for resource in _texts(statement.get("Resource", statement.get("NotResource"))):
        name = resource.removeprefix(ARN).partition("/")[0]
        if resource != "*" and not (
            resource.startswith(ARN) and (_matches(name, bucket) or name == bucket)
        ):
            raise Malformed("Policy has invalid resource")
    _check_condition(statement.get("Condition", {}))


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, dict):
        raise Malformed("Invalid Condition")
    for operator, tests in condition.items():
        name = _operator(operator)[0]
        if name not in _OPERATORS and name != "Null":
            raise Malformed(f"Invalid Condition type : {operator}")
        if not isinstance(tests, dict) or not tests:
            raise Malformed(f"Invalid Condition of {operator}")
        for key, values in tests.items():
            low = key.lower()
            if low not in KEYS and not low.startswith(_TAG_KEYS):
                raise Malformed(f"Policy has an invalid condition key: {key}")
            for value in _scalars(values):
                try:
                    _OPERATORS.get(name, _same)(value, _SAMPLES.get(name, value))
                except ValueError as error:
                    raise Malformed(f"Invalid value {value!r} of {operator}") from error


def _applies(statement: Mapping[str, Any], asked: Asked) -> bool:
    if "Principal" in statement:
        is_meant = _is_meant(statement["Principal"], asked.caller_id)
    else:
        is_meant = not _is_meant(statement["NotPrincipal"], asked.caller_id)
    if not is_meant:
        return False
    action = asked.action.lower()
    if "Action" in statement:
        is_done = any(_matches(p.lower(), action) for p in _texts(statement["Action"]))
    else:
        is_done = not any(_matches(p.lower(), action) for p in _texts(statement["NotAction"]))
    if not is_done:
        return False
    if "Resource" in statement:
        is_on = any(_matches(p, asked.resource) for p in _texts(statement["Resource"]))
    else:
        is_on = not any(_matches(p, asked.resource) for p in _texts(statement["NotResource"]))
    return is_on and _holds(statement.get("Condition", {}), asked.keys)


def _is_meant(principal: Any, caller_id: str) -> bool:
    found = _principals(principal)
    return "*" in found or (bool(caller_id) and caller_id in found)


def _principals(principal: Any) -> set[str]:
    """Project ids, or `*`; empty when it cannot be read."""
    if principal == "*":
        return {"*"}
    if not isinstance(principal, dict) or set(principal) - {"AWS", "CanonicalUser"}:
        return set()
    found: set[str] = set()
    for value in principal.values():
        try:
            texts = _texts(value)
        except Malformed:
            return set()
        found |= {_account(text) for text in texts}
    return found


def _account(text: str) -> str:
    """Whom `*`, `ID`, `arn:aws:iam::ID:root` or `arn:aws:iam::ID:user/x` names: a project."""
    parts = text.split(":")
    return parts[4] if text.startswith("arn:aws:iam::") and len(parts) > 5 else text


def _holds(condition: Mapping[str, Mapping[str, Any]], keys: Mapping[str, str]) -> bool:
    return all(
        _test(operator, _scalars(values), keys.get(key.lower()))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _test(operator: str, values: Sequence[str], given: str | None) -> bool:
    name, is_if_exists, quantifier = _operator(operator)
    if name == "Null":
        return (given is None) == (values[0].lower() == "true")
    is_negative = name in _NEGATIVE
    if given is None:
        return is_if_exists or is_negative or quantifier == "ForAllValues"
    try:
        found = [_OPERATORS[name](value, given) for value in values]
    except ValueError:
        return False
    return all(found) if is_negative else any(found)


def _operator(text: str) -> tuple[str, bool, str]:
    """The operator's own name, whether `IfExists`, and `ForAnyValue` or `ForAllValues`."""
    quantifier, colon, name = text.rpartition(":")
    if colon and quantifier not in ("ForAnyValue", "ForAllValues"):
        raise Malformed(f"Invalid Condition type : {text}")
    return name.removesuffix("IfExists"), name.endswith("IfExists"), quantifier


def _matches(pattern: str, text: str) -> bool:
    """Whether `*` and `?` of a pattern can stand for the rest of the text."""
    return bool(_pattern(pattern).fullmatch(text))


@functools.lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    # [ is no wildcard in a policy; fnmatch knows how `*` is matched without trying all ways
    return re.compile(fnmatch.translate(text.replace("[", "[[]")))


def _same(value: str, given: str) -> bool:
    return value == given


def _in_network(value: str, given: str) -> bool:
    return ipaddress.ip_address(given) in ipaddress.ip_network(value, strict=False)


def _moment(text: str) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _not(test: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda value, given: not test(value, given)


def _ordered(kind: Callable[[str], Any]) -> dict[str, Callable[[str, str], bool]]:
    return {
        "Equals": lambda value, given: kind(given) == kind(value),
        "NotEquals": lambda value, given: kind(given) != kind(value),
        "LessThan": lambda value, given: kind(given) < kind(value),
        "LessThanEquals": lambda value, given: kind(given) <= kind(value),
        "GreaterThan": lambda value, given: kind(given) > kind(value),
        "GreaterThanEquals": lambda value, given: kind(given) >= kind(value),
    }


def _flag(value: str, given: str) -> bool:
    return value.lower() == given.lower()


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "StringEquals": _same,
    "StringNotEquals": _not(_same),
    "StringEqualsIgnoreCase": _flag,
    "StringNotEqualsIgnoreCase": _not(_flag),
    "StringLike": _matches,
    "StringNotLike": _not(_matches),
    "ArnEquals": _matches,
    "ArnLike": _matches,
    "Bool": _flag,
    "IpAddress": _in_network,
    "NotIpAddress": _not(_in_network),
    **{f"Numeric{name}": test for name, test in _ordered(float).items()},
    **{f"Date{name}": test for name, test in _ordered(_moment).items()},
}
_NEGATIVE: Final = frozenset(name for name in _OPERATORS if "Not" in name)
# what a value is tried against when a policy is put, to see whether it can be read
_SAMPLES: Final = {"IpAddress": "127.0.0.1", "NotIpAddress": "127.0.0.1"}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Any) -> list[str]:
    found = _list(value)
    if not found or not all(isinstance(text, str) for text in found):
        raise Malformed("A field of the policy is no text.")
    return found


def _scalars(value: Any) -> list[str]:
    found = [str(v).lower() if isinstance(v, bool) else v for v in _list(value)]
    if not found or not all(isinstance(v, str | int | float) for v in found):
        raise Malformed("A value of a condition is no text.")
    return [str(v) for v in found]
