"""The networks as a diagram in text: Mermaid for wikis, dot for Graphviz. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.plain import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A guest's place on a network."""

    name: str
    address: str
    tap: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A network and who is on it."""

    name: str
    bridge: str
    cidr: str
    ends: tuple[End, ...] = ()


def mermaid(nets: Sequence[Net]) -> str:
    """Return a flow chart: outside, this machine, a bridge a network, a node a guest."""
    return "\n".join(["flowchart TD", "    outside((outside)) --- host[this machine]",
                      *_mermaid(nets)])  # fmt: skip


def _mermaid(nets: Sequence[Net]) -> Iterator[str]:
    for at, net in enumerate(nets):
        yield f'    host --- n{at}["{_quoted(f"{net.name}<br/>{net.cidr} {net.bridge}")}"]'
        for number, end in enumerate(net.ends):
            label = f"{end.name}<br/>{end.address}<br/>{' '.join(end.groups)}"
            yield f'    n{at} ---|{end.tap}| n{at}e{number}["{_quoted(label)}"]'


def dot(nets: Sequence[Net]) -> str:
    """Return the same for Graphviz: `dot -Tsvg`."""
    lines = [
        "graph novabox {",
        '    outside [shape=ellipse]; host [shape=box label="this machine"];',
        "    outside -- host;",
    ]
    for at, net in enumerate(nets):
        label = _quoted(f"{net.name}\\n{net.cidr} {net.bridge}")
        lines.append(f'    n{at} [shape=box style=rounded label="{label}"]; host -- n{at};')
        for number, end in enumerate(net.ends):
            text = _quoted(f"{end.name}\\n{end.address}\\n{' '.join(end.groups)}")
            lines.append(f'    n{at}e{number} [label="{text}"];')
            lines.append(f'    n{at} -- n{at}e{number} [label="{end.tap}"];')
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    """A name may hold anything a user typed."""
    return clean(text).replace('"', "'")
