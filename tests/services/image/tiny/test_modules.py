from pathlib import Path

import pytest

from services.image.tiny import modules


@pytest.fixture
def index(tmp_path: Path) -> modules.Index:
    (tmp_path / "modules.dep").write_text(
        "kernel/virtio.ko: kernel/ring.ko\n"
        "kernel/ring.ko:\n"
        # depmod lists the nearest first: pci needs legacy-dev and virtio, which needs ring
        "kernel/virtio_pci.ko: kernel/legacy-dev.ko kernel/virtio.ko kernel/ring.ko\n"
        "kernel/legacy-dev.ko:\n"
        "kernel/net.ko.xz: kernel/virtio.ko kernel/ring.ko\n"
    )
    (tmp_path / "modules.builtin").write_text("kernel/fs/ext4.ko\n")
    return modules.read_index(tmp_path)


def test_what_a_module_needs_comes_before_it(index: modules.Index) -> None:
    paths = modules.closure(index, ["virtio_pci"])

    assert paths == [
        "kernel/ring.ko", "kernel/virtio.ko", "kernel/legacy-dev.ko", "kernel/virtio_pci.ko",
    ]  # fmt: skip


def test_what_two_modules_share_comes_once(index: modules.Index) -> None:
    paths = modules.closure(index, ["net", "virtio_pci"])

    assert paths.count("kernel/ring.ko") == 1
    assert len(paths) == 5


def test_names_are_the_kernels(index: modules.Index) -> None:
    assert modules.closure(index, ["legacy_dev"]) == ["kernel/legacy-dev.ko"]
    assert "net" in index.path_by_name


def test_built_in_is_neither_packed_nor_missing(index: modules.Index) -> None:
    assert modules.closure(index, ["ext4", "9p"]) == []
    assert modules.missing(index, ["ext4", "net", "9p"]) == ["9p"]


def test_a_signature_is_cut_off() -> None:
    signature = b"s" * 300
    header = b"\0" * 8 + len(signature).to_bytes(4, "big")
    signed = b"\x7fELF code" + signature + header + modules.SIGNATURE_MAGIC

    assert modules.without_signature(signed) == b"\x7fELF code"
    assert modules.without_signature(b"\x7fELF code") == b"\x7fELF code"
