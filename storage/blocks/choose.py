"""Which pool and which exporter: by the words of the configuration, or by what the host has."""

import logging
from pathlib import Path

from storage.blocks import fake, lio, lvm, sparse, tgt
from storage.blocks.errors import BlockError
from storage.blocks.export import Exporter
from storage.blocks.pool import Pool

log = logging.getLogger(__name__)


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
        why = lio.missing()
        kind = "tgt" if why else "lio"
        log.info("exports: %s%s", kind, f": {why}" if why else "")
    if kind == "lio":
        return lio.Lio(folder, address=address, port=port)
    if kind == "tgt":
        return tgt.Tgt(folder, address=address, port=port)
    if kind == "fake":
        return fake.Fake(folder)
    raise BlockError(f"no exporter is called {kind!r}: `auto`, `lio`, `tgt` or `fake`")
