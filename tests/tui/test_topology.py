"""Networks as diagrams in text."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tui.topology import End, Net, dot, mermaid

NETS = [
    Net(name="demo", bridge="nbx-b-1", cidr="10.0.0.0/24", ends=(
        End(name='we"b', address="10.0.0.3", tap="nbx-t-1", groups=("default", "web")),)),
    Net(name="lab", bridge="nbx-b-2", cidr="10.0.1.0/24"),
]  # fmt: skip


def test_mermaid_has_a_node_a_guest_and_no_quote_of_a_name() -> None:
    assert mermaid(NETS).splitlines() == [
        "flowchart TD",
        "    outside((outside)) --- host[this machine]",
        '    host --- n0["demo<br/>10.0.0.0/24 nbx-b-1"]',
        '    n0 ---|nbx-t-1| n0e0["we\'b<br/>10.0.0.3<br/>default web"]',
        '    host --- n1["lab<br/>10.0.1.0/24 nbx-b-2"]',
    ]


def test_dot_is_read_by_graphviz() -> None:
    assert dot(NETS).count("--") == 4
    if not shutil.which("dot"):
        pytest.skip("missing: graphviz")
    done = subprocess.run(["dot", "-Tsvg"], input=dot(NETS), capture_output=True, text=True,
                          timeout=30, check=True)  # fmt: skip
    assert "<svg" in done.stdout
