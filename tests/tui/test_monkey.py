"""Random keys, the same each time: nothing a hand or a cloud can do ends the interface."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tui import monkey


@pytest.mark.parametrize("seed", [int(os.environ.get("SEED", "7")), 11])
def test_random_keys_and_a_cloud_that_misbehaves_end_nothing(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a console may be recorded
    presses = int(os.environ.get("PRESSES", "600"))
    assert monkey.run(seed=seed, presses=presses).presses == presses
