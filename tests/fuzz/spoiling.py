"""Values that no author of an API thought of, and ways to put them into a body. Knows no API."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Final

TEXTS: Final = (
    "", " ", "\0", "\n", "a" * 81, "a" * 256, "a" * 70_000, "é", "🦉" * 90, "\u202e", "\ufeff",
    "'; DROP TABLE images; --", '"', "%00", "%", "_", "../../../etc/passwd", "/", "//", "\\",
    "null", "true", "True", "-1", "0", "1", "9" * 18, "9" * 30, str(2**63), "1e400", "NaN",
    "٣", "²",
    "in:", 'in:"a', "in:a,b", "in:" + "a," * 900,
    "gt:", "gt:x", "lt:2010-10-21T16:42:07Z", "2010-10-21T16:42:07Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-00-00", "name:asc,id:desc",
    "all", "asc", "desc", "raw", "qcow2", "public", "default", "member", "{}", "[]", "<x>&amp;",
    "bytes=0-0", "bytes=-1", "bytes=9-", "application/json", "text/html", "*/*",
    "http://127.0.0.1/", "http://[::1", "http://\uff11/", "file:///etc/passwd", "OS::Fuzz::",
)  # fmt: skip
_NUMBERS: Final = (0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1.5, -0.0, 1e308)
_WRAPPERS: Final = (lambda x: [x], lambda x: {"a": x}, lambda x: [x, x], lambda x: {"id": x})


def text(chance: random.Random) -> str:
    """One that is seldom written."""
    if chance.random() < 0.8:
        return chance.choice(TEXTS)
    count = chance.randint(1, 40)
    return "".join(chr(chance.choice((chance.randint(1, 0x7F), chance.randint(0x80, 0xD7FF))))
                   for _ in range(count))  # fmt: skip


def value(chance: random.Random) -> Any:
    """A JSON value of any kind."""
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: None, lambda: True, lambda: False, lambda: text(chance), lambda: text(chance),
        lambda: chance.choice(_NUMBERS), dict, list,
        lambda: chance.choice(_WRAPPERS)(text(chance)),
        lambda: [text(chance) for _ in range(chance.choice((2, 200)))],
        lambda: {text(chance): text(chance) for _ in range(chance.choice((2, 200)))},
    )  # fmt: skip
    return chance.choice(kinds)()


def spoiled(document: Any, chance: random.Random) -> Any:
    """The document with up to three things in it that are wrong."""
    document = copy.deepcopy(document)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        document = _spoil(document, chance)
    return document


def _spoil(document: Any, chance: random.Random) -> Any:
    """Walk to some place in the document, and change what is there."""
    if isinstance(document, dict) and document:
        key = chance.choice(list(document))
        if chance.random() < 0.6:
            return document | {key: _spoil(document[key], chance)}
        choices = (
            {one: document[one] for one in document if one != key},
            document | {text(chance): value(chance)},
            document | {key: value(chance)},
            document | {key: [document[key], document[key]]},
        )
        return chance.choice(choices)
    if isinstance(document, list) and document:
        place = chance.randrange(len(document))
        if chance.random() < 0.6:
            return [*document[:place], _spoil(document[place], chance), *document[place + 1 :]]
        return chance.choice(([*document, value(chance)], document * 50, document[:-1]))
    return value(chance) if chance.random() < 0.5 else _of_a_kind(document, chance)


def _of_a_kind(leaf: Any, chance: random.Random) -> Any:
    """Another value of the type that is wanted here: those get further."""
    if isinstance(leaf, int | float) and not isinstance(leaf, bool):
        return chance.choice(_NUMBERS)
    return text(chance) if isinstance(leaf, str) else leaf


def encoded(document: Any, chance: random.Random) -> bytes:
    """The document as JSON; now and then as something that nearly is."""
    plain = json.dumps(document).encode()
    roll = chance.random()
    if roll < 0.94:
        return plain
    if roll < 0.95:
        return b"[" * 100_000
    wrong = (
        b"", plain[: len(plain) // 2], plain + plain, b"\xff\xfe" + plain, b"\xef\xbb\xbf" + plain,
        plain.replace(b'"', b"'"), plain.replace(b'": "', b'": "\\ud800'), b"null", b"NaN", b'"x"',
        plain.replace(b'": "', b'": "\xc3\x28'),
    )  # fmt: skip
    return chance.choice(wrong)
