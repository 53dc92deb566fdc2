"""S3's XML, written and read. What is read has no DTD and no entities, and bounds to its depth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
CONTENT_TYPE: Final = "application/xml"
DEPTH_MAX: Final = 16  # an ACL, the deepest, has 5
NODES_MAX: Final = 100_000  # a list of 10,000 parts with five checksums each has 80,001

Tree = Sequence[tuple[str, Any]]  # tag → text, number, boolean, or a tree; in order

_SPECIAL: Final = re.compile("[&<>\"'\x00-\x1f\x7f\ufffe\uffff]")
_PLAIN: Final = frozenset("\n\t")


class Unreadable(Exception):
    """A document that is no XML, or more than is read."""


@dataclass(slots=True)
class Node:
    """An element; namespaces are dropped."""

    tag: str
    text: str = ""
    children: list[Node] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    def all(self, tag: str) -> list[Node]:
        """The children with that tag."""
        return [child for child in self.children if child.tag == tag]

    def find(self, tag: str) -> Node | None:
        """The first child with that tag, or None."""
        return next((child for child in self.children if child.tag == tag), None)

    def value(self, tag: str, default: str = "") -> str:
        """The text of the first child with that tag."""
        found = self.find(tag)
        return default if found is None else found.text


def read(raw: bytes) -> Node:
    """Read a document. Raises Unreadable; nothing outside of it is ever looked up."""
    reader = _Reader()
    try:
        reader.parser.Parse(raw, True)
    except (expat.ExpatError, ValueError) as error:
        raise Unreadable(str(error)) from error
    return reader.root


def write(tag: str, tree: Tree, *, namespace: str = NAMESPACE) -> bytes:
    """Write a document."""
    attribute = f' xmlns="{namespace}"' if namespace else ""
    inside = "".join(_written(tree))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{tag}{attribute}>{inside}</{tag}>'.encode()


def escape(text: str) -> str:
    """Text as it stands in XML; control characters, which XML has not, by their numbers, as S3."""
    return _SPECIAL.sub(_replaced, text)


def _written(tree: Tree) -> Iterator[str]:
    for tag, value in tree:
        name = tag.partition(" ")[0]  # a tag may carry attributes
        if isinstance(value, str):
            yield f"<{tag}>{escape(value)}</{name}>"
        elif isinstance(value, bool):
            yield f"<{tag}>{str(value).lower()}</{name}>"
        elif isinstance(value, int):
            yield f"<{tag}>{value}</{name}>"
        else:
            yield f"<{tag}>{''.join(_written(value))}</{name}>"


def _replaced(found: re.Match[str]) -> str:
    character = found[0]
    return character if character in _PLAIN else f"&#{ord(character)};"


class _Reader:
    """Builds nodes while expat parses; refuses what only an attacker sends."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.root = Node("")
        self._path: list[Node] = []
        self._count = 0

    def _refuse(self, *_: object) -> None:
        raise ValueError("a document type, or entities, are not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > NODES_MAX or len(self._path) >= DEPTH_MAX:
            raise ValueError("there are too many elements")
        node = Node(_local(name), attributes={_local(k): v for k, v in attributes.items()})
        if self._path:
            self._path[-1].children.append(node)
        else:
            self.root = node
        self._path.append(node)

    def _end(self, _: str) -> None:
        node = self._path.pop()
        if node.children:
            node.text = ""  # only the spaces between them

    def _text(self, text: str) -> None:
        if self._path:
            self._path[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
