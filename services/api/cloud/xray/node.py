"""One part of an object as the x-ray shows it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Meaning = Literal["good", "busy", "off", "attention", "failed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part: its name, its state in a word, and what the word means; details in a line.

    `mismatch` says what does not agree with the row, and what to do; "" when all does. `kind` and
    `id` are of the object that the part is, where it is one that can be gone to.
    """

    label: str
    word: str = ""
    meaning: Meaning = "good"
    detail: str = ""
    mismatch: str = ""
    kind: str = ""
    id: str = ""
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A part that disagrees, or that could not be looked at (then `is_unknown`)."""

    path: str  # web-2 › disk › base
    text: str
    is_unknown: bool = False


def view(node: Node) -> dict[str, Any]:
    """The tree as JSON."""
    return asdict(node)


def findings(node: Node, above: Sequence[str] = ()) -> Iterator[Finding]:
    """All that does not agree in a tree, and all that nobody could look at."""
    names = (*above, node.label)
    if node.mismatch:
        yield Finding(path=" › ".join(names), text=node.mismatch)
    elif node.meaning == "unknown":
        yield Finding(path=" › ".join(names), text=node.detail, is_unknown=True)
    for child in node.children:
        yield from findings(child, names)


def checked(
    label: str, mismatch: str, *, is_changing: bool = False, word: str = "there", detail: str = "",
    children: Sequence[Node] = (), kind: str = "", object_id: str = "",
) -> Node:  # fmt: skip
    """A part that was held against the host: good, or failed with its `mismatch`.

    While a task is under way (`is_changing`) what does not agree yet is only busy.
    """
    meaning: Meaning = "good"
    if mismatch and is_changing:
        word, meaning, detail, mismatch = "changing", "busy", mismatch, ""
    elif mismatch:
        word, meaning = "does not match", "failed"
    return Node(
        label=label, word=word, meaning=meaning, detail=detail, mismatch=mismatch, kind=kind,
        id=object_id, children=tuple(children),
    )  # fmt: skip


def unknown(label: str, reason: str) -> Node:
    """A part that nobody could look at."""
    return Node(label=label, word="unknown", meaning="unknown", detail=reason)


def size(size_bytes: int | None) -> str:
    """A size for a line of text."""
    if size_bytes is None:
        return "size unknown"
    if size_bytes < 1 << 10:
        return f"{size_bytes} B"
    if size_bytes < 1 << 20:
        return f"{size_bytes / (1 << 10):.1f} KiB"
    return f"{size_bytes / (1 << 20):.1f} MiB" if size_bytes < 1 << 30 else gib(size_bytes)


def gib(size_bytes: int) -> str:
    """The same, of something large."""
    return f"{size_bytes / (1 << 30):.1f} GiB"
