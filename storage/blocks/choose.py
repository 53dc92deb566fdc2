"""Which pool and which exporter: by the words of the configuration, or by what the host has."""

import logging
from pathlib import Path
from typing import Final

from storage.blocks import fake, lvm, program, sparse, tgt
from storage.blocks.errors import BlockError
from storage.blocks.export import Exporter
from storage.blocks.pool import Pool

log = logging.getLogger(__name__)

_MODULES: Final = ("target_core_mod", "iscsi_target_mod")  # of LIO


def pool(kind: str, *, folder: Path, lvm_group: str) -> Pool:
    """The pool `sparse` in a folder, or `lvm` in a volume group."""
    if kind == "sparse":
        return sparse.Sparse(folder)
    if kind == "lvm":
        return lvm.Lvm(lvm_group)
    raise BlockError(f"no pool is called {kind!r}: `sparse` or `lvm`")


def exporter(kind: str, *, folder: Path, address: str, port: int) -> Exporter:
    """The exporter `lio`, `tgt` or `fake`; `auto`: LIO where the kernel has it, otherwise tgt.

    `folder` is for its own files: no two clouds share one, and it outlives no reboot.
    """
    if kind == "auto":
        kind, why = automatic()
        log.info("exports: %s: %s", kind, why)
    if kind == "lio":
        from storage.blocks import lio  # rtslib is 3 MiB that the others need not keep

        return lio.Lio(folder, address=address, port=port)
    if kind == "tgt":
        return tgt.Tgt(folder, address=address, port=port)
    if kind == "fake":
        return fake.Fake(folder)
    raise BlockError(f"no exporter is called {kind!r}: `auto`, `lio`, `tgt` or `fake`")


def automatic() -> tuple[str, str]:
    """What `auto` is on this host, and why. The kernel's modules for LIO are loaded, if any."""
    try:
        program.run(["modprobe", "--quiet", "--all", *_MODULES])
    except BlockError:
        return "tgt", f"the kernel has no {' and '.join(_MODULES)}"
    from storage.blocks import lio

    why = lio.missing()
    return ("tgt", why) if why else ("lio", "the kernel has it")
