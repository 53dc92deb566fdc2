"""Small disks in the formats that images come in: only headers, as inspectors read."""

import struct

_VERSION = 3
_CLUSTER_BITS = 16
_HEADER_BYTES = 104


def qcow2(
    *, virtual_size_bytes: int = 64 << 20, backing_file: str = "", features: int = 0
) -> bytes:
    """A qcow2 file's first cluster (QEMU, docs/interop/qcow2.rst)."""
    backing = backing_file.encode()
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb", _VERSION, _HEADER_BYTES if backing else 0, len(backing), _CLUSTER_BITS,
        virtual_size_bytes, 0, 1, 3 << _CLUSTER_BITS, 1 << _CLUSTER_BITS, 1, 0, 0,
        features, 0, 0, 4, _HEADER_BYTES,
    )  # fmt: skip
    return (header + backing).ljust(1 << _CLUSTER_BITS, b"\0")


DATA_FILE = 1 << 2  # the incompatible feature that puts the data into another file
VDI = b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(0x40, b"\0") + b"\x7f\x10\xda\xbe"


def vdi() -> bytes:
    """A VirtualBox disk's header."""
    return VDI.ljust(512, b"\0") + bytes(4096)


def vmdk(extent: str) -> bytes:
    """A VMDK whose descriptor has that extent (VMware, Virtual Disk Format 1.1)."""
    descriptor = f'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\n{extent}\n'
    sparse = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, 3, 8, 8, 1, 1, 512, 0, 0, 8)
    return sparse.ljust(512, b"\0") + descriptor.encode().ljust(4096, b"\0")


def raw(size_bytes: int = 100_000) -> bytes:
    """Bytes that are no format's."""
    return bytes(range(1, 251)) * (size_bytes // 250)
