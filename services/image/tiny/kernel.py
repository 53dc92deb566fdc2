"""The guest's kernel: found in the distribution's packages, downloaded, never installed."""

import lzma
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from appliance import errors
from services.image.tiny import programs, progress

# Debian's small kernel for virtual machines; Ubuntu's, with its modules in a second package.
META_PACKAGES: Final = ("linux-image-cloud-amd64", "linux-image-virtual")
DOWNLOAD_TIMEOUT_S: Final = 900
POLL_S: Final = 0.1
ARGUMENTS_MAX: Final = 500  # of one program, far below the kernel's limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """An unpacked kernel: its release, the bootable image and the folder of its modules."""

    release: str
    image: Path
    modules_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Download:
    name: str
    size_bytes: int


def packages(
    cache: Path, show: progress.Progress, *, metas: Sequence[str] = META_PACKAGES
) -> list[Path]:
    """The kernel's package files: those in `cache` if there are any, else fetched into it.

    `metas` are tried in turn: packages that depend on the newest kernel of a kind. Delete the
    folder in `cache` to get the newest kernel. Raises HostError when there is neither network nor
    cache.
    """
    kept = sorted(cache.glob("linux-image-*/"), key=lambda folder: folder.stat().st_mtime)
    return sorted((kept[-1] if kept else _fetch(cache, metas, show)).glob("*.deb"))


@contextmanager
def unpacked(debs: Sequence[Path]) -> Iterator[Kernel]:
    """Unpack the packages into a folder that lives as long as the context; modules are indexed."""
    with TemporaryDirectory(prefix="nbx-kernel-") as folder:
        tree = Path(folder)
        for deb in debs:
            programs.run(["dpkg-deb", "-x", deb, tree])
        images = sorted(tree.glob("boot/vmlinuz-*"))
        if not images:
            raise errors.HostError(
                f"no boot/vmlinuz-* in {', '.join(map(str, debs))}: not a kernel"
            )
        release = images[-1].name.removeprefix("vmlinuz-")
        lib = tree / "lib" if (tree / "lib").exists() else tree / "usr/lib"
        modules_dir = lib / "modules" / release
        if not modules_dir.exists():
            raise errors.HostError(f"kernel {release} came without modules: give their package too")
        _decompress(modules_dir)
        programs.run(["depmod", "-b", lib.parent, release])
        yield Kernel(release=release, image=images[-1], modules_dir=modules_dir)


def _decompress(modules_dir: Path) -> None:
    """Ubuntu ships `.ko.zst`, newer Debians `.ko.xz`; busybox loads neither."""
    for file in modules_dir.rglob("*.ko.xz"):
        file.with_suffix("").write_bytes(lzma.decompress(file.read_bytes()))
        file.unlink()
    packed = sorted(modules_dir.rglob("*.ko.zst"))
    for start in range(0, len(packed), ARGUMENTS_MAX):
        programs.run(["zstd", "-q", "-d", "--rm", *packed[start : start + ARGUMENTS_MAX]])


def _fetch(cache: Path, metas: Sequence[str], show: progress.Progress) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    show.step("kernel: looking for the package")
    options: list[str] = []
    names = _resolve(metas, options)
    if not names:
        # The machine's package lists are empty or stale: lists of our own, those untouched.
        options = _private_lists(cache)
        programs.run(["apt-get", *options, "update"], timeout_s=DOWNLOAD_TIMEOUT_S)
        names = _resolve(metas, options)
    if not names:
        raise errors.HostError(
            f"none of {', '.join(metas)} is in this machine's package sources:"
            " add the distribution's main archive, or give --kernel-deb FILE"
        )
    with TemporaryDirectory(prefix=".fetch-", dir=cache) as folder:
        done = Path(folder) / names[0]
        done.mkdir()
        for name in names:
            _download(name, options, into=done, show=show)
        return done.rename(cache / names[0])


def _resolve(metas: Sequence[str], options: Sequence[str]) -> list[str]:
    """The image package behind the meta package, and its modules' packages where there are any."""
    for meta in metas:
        images = _depends(meta, r"linux-image-\d\S*", options)
        if images:
            return [
                images[0],
                *_depends(images[0], r"linux-modules-\d\S*", options),
                *_depends(meta, r"linux-modules-extra-\d\S*", options),
            ]
    return []


def _depends(package: str, pattern: str, options: Sequence[str]) -> list[str]:
    try:
        printed = programs.run(["apt-cache", *options, "depends", package])
    except errors.HostError:
        return []
    return re.findall(rf"^ *\|?Depends: ({pattern})$", printed, re.MULTILINE)


def _private_lists(cache: Path) -> list[str]:
    lists = cache / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    return [
        "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={lists}",
        "-o", "APT::Sandbox::User=root",
    ]  # fmt: skip


def _download(name: str, options: Sequence[str], *, into: Path, show: progress.Progress) -> None:
    argv = ["apt-get", *options, "-o", "APT::Sandbox::User=root", "-q", "download", name]
    expected = _expected(programs.run([*argv, "--print-uris"]))
    deadline = time.monotonic() + DOWNLOAD_TIMEOUT_S
    with subprocess.Popen(
        [str(programs.find("apt-get")), *argv[1:]], cwd=into, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        while process.poll() is None and time.monotonic() < deadline:
            show.amount(f"kernel: {name}", _size(into / expected.name), expected.size_bytes)
            time.sleep(POLL_S)
        process.kill()
        _, said = process.communicate()
    if process.returncode != 0:
        raise errors.HostError(
            f"kernel package {name} could not be downloaded: {said.strip() or 'no answer'}."
            " Check the network, or give --kernel-deb FILE"
        )


def _expected(printed_uris: str) -> _Download:
    """Parse `'http://…' name.deb 26713492 SHA256:…` (apt-get --print-uris)."""
    found = re.search(r"^'[^']*' (\S+) (\d+) ", printed_uris, re.MULTILINE)
    if found is None:
        raise errors.HostError(
            f"apt-get --print-uris said {printed_uris.strip()!r}: no file to fetch"
        )
    return _Download(name=found[1], size_bytes=int(found[2]))


def _size(path: Path) -> int:
    partial = path.with_name(path.name + ".partial")
    return next((file.stat().st_size for file in (path, partial) if file.exists()), 0)
