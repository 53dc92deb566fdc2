"""QEMU's own initiator (libiscsi), by hand: what a guest's disk is."""

import os
import shutil
import subprocess
from typing import Final

from storage.blocks.export import Export

ADDRESS: Final = "127.0.0.1"


def missing() -> str:
    """What this machine lacks for it; empty when nothing."""
    if os.geteuid() != 0:
        return "root is missing"
    if not shutil.which("qemu-io"):
        return "missing programs: qemu-io (package qemu-utils)"
    found = subprocess.run(["qemu-img", "--help"], check=True, capture_output=True, text=True)
    return "" if "iscsi" in found.stdout else "QEMU has no iSCSI (package qemu-block-extra)"


def session(export: Export, *commands: str, lun: int, port: int) -> subprocess.Popen[str]:
    """Log in, do what qemu-io(1) is told, log out; the password comes by a pipe."""
    options = (
        "driver=raw,file.driver=iscsi,file.transport=tcp,"
        f"file.portal={ADDRESS}:{port},file.target={export.iqn},file.lun={lun},"
        f"file.user={export.username},file.password-secret=chap,"
        f"file.initiator-name={export.initiator}"
    )
    read, write = os.pipe()
    os.write(write, export.password.encode())
    os.close(write)
    arguments = [part for command in commands for part in ("-c", command)]
    try:
        return subprocess.Popen(
            ["qemu-io", "--object", f"secret,id=chap,file=/proc/self/fd/{read}", "--image-opts",
             *arguments, options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            pass_fds=(read,),
        )  # fmt: skip
    finally:
        os.close(read)


def run(export: Export, *commands: str, lun: int, port: int) -> str:
    """Do it to its end; what it said. Raises CalledProcessError, saying it too, if it failed."""
    with session(export, *commands, lun=lun, port=port) as process:
        words, _ = process.communicate(timeout=60)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "qemu-io", words)
    return words
