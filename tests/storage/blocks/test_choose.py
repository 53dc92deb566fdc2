"""Words of the configuration become pools and exporters."""

import logging
from pathlib import Path

import pytest

from storage.blocks import choose, lio
from storage.blocks.errors import BlockError
from storage.blocks.fake import Fake
from storage.blocks.lvm import Lvm
from storage.blocks.sparse import Sparse
from storage.blocks.tgt import Tgt


def test_each_word_has_its_pool(tmp_path: Path) -> None:
    assert isinstance(choose.pool("sparse", folder=tmp_path, lvm_group="g"), Sparse)
    assert isinstance(choose.pool("lvm", folder=tmp_path, lvm_group="g"), Lvm)
    with pytest.raises(BlockError, match="no pool is called 'ceph'"):
        choose.pool("ceph", folder=tmp_path, lvm_group="g")


@pytest.mark.parametrize(("word", "kind"), [("tgt", Tgt), ("lio", lio.Lio), ("fake", Fake)])
def test_each_word_has_its_exporter(tmp_path: Path, word: str, kind: type) -> None:
    assert isinstance(choose.exporter(word, folder=tmp_path, address="::1", port=1), kind)


def test_an_unknown_exporter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BlockError, match="no exporter is called 'nbd'"):
        choose.exporter("nbd", folder=tmp_path, address="127.0.0.1", port=1)


def test_without_lio_it_is_tgt_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kind, why = choose.automatic()
    if kind == "lio":
        pytest.skip("this kernel has LIO: missing is one without")
    caplog.set_level(logging.INFO)
    chosen = choose.exporter("auto", folder=tmp_path, address="127.0.0.1", port=1)

    assert isinstance(chosen, Tgt)
    assert "no target_core_mod" in why
    assert f"exports: tgt: {why}" in caplog.text
