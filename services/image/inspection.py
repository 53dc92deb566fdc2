"""What an image really is, seen while its bytes flow past. The only home of oslo.utils.

The inspectors are Glance's and Nova's own: they read headers, never a whole image. They are
loaded for the first image: 2 MiB, with cryptography behind them, that idle processes go without.
"""

from typing import Any, Final, Protocol

from appliance import errors

# a plain disk: anything that QEMU would never open as a format of its own
_PLAIN: Final = frozenset({"raw", "gpt", "luks", "iso"})
# without a header that inspectors know: anything but another format
_RAW_LIKE: Final = frozenset({"raw", "aki", "ari", "ami", "ploop"})
DISK_FORMATS: Final = (
    "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
)  # fmt: skip
CONTAINER_FORMATS: Final = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
_UNPACKED: Final = frozenset({"bare", "ami", "aki", "ari"})  # the others wrap the disk in a file


class Reader(Protocol):
    """Bytes on their way to a store."""

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end."""
        ...


def is_the_disk(container_format: str | None) -> bool:
    """Whether the bytes are the disk itself, which can be looked into; no container: they are."""
    return (container_format or "bare") in _UNPACKED


class Inspecting:
    """A reader that passes another's bytes on, and knows in the end what they are."""

    def __init__(self, reader: Reader) -> None:
        from oslo_utils.imageutils import format_inspector

        source: Any = reader  # it asks for a whole file object, and calls nothing but `read`
        self._wrapper = format_inspector.InspectWrapper(source)
        self._is_closed = False

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end."""
        data: bytes = self._wrapper.read(size_bytes)
        return data

    def disk_format(self) -> str:
        """What the bytes are, when all of them have been read: `raw` where nothing else is seen.

        Raises UnsupportedMedia when they are several things at once, or none that a disk may be.
        """
        found = set(self._found())
        if found <= _PLAIN:
            return "iso" if "iso" in found else "raw"
        if len(found) != 1 or not found <= set(DISK_FORMATS):
            raise errors.UnsupportedMedia(
                f"The image's data are no disk of one known format: {', '.join(sorted(found))}"
            )
        return found.pop()

    def virtual_size_bytes(self, disk_format: str) -> int | None:
        """The size of the disk that a guest sees; None when `disk_format` has no header to say it.

        Called when all bytes have been read. Raises UnsupportedMedia (415, as Glance) when they are
        not in `disk_format`, or would make QEMU open other files of the host.
        """
        from oslo_utils.imageutils import format_inspector

        found = self._found()
        if disk_format in _RAW_LIKE:
            _refuse_unless(set(found) <= _PLAIN, disk_format, set(found))
            return None
        is_only = set(found) == {disk_format}
        is_bootable_iso = disk_format == "iso" and set(found) == {"iso", "gpt"}
        _refuse_unless(is_only or is_bootable_iso, disk_format, set(found))
        inspector = found[disk_format]
        try:
            inspector.safety_check()
            return int(inspector.virtual_size)
        except (format_inspector.SafetyCheckFailed, format_inspector.ImageFormatError) as error:
            raise errors.UnsupportedMedia(
                f"The {disk_format} image was refused: {_reason(error)}"
            ) from error

    def _found(self) -> dict[str, Any]:
        """What recognises the bytes as its own, by the format's name."""
        if not self._is_closed:
            self._wrapper.close()
            self._is_closed = True
        return {str(each): each for each in self._wrapper.formats or ()}


def _refuse_unless(is_fine: bool, disk_format: str, found: set[str]) -> None:
    if not is_fine:
        raise errors.UnsupportedMedia(
            f"Image disk_format {disk_format} does not match stream data {', '.join(sorted(found))}"
        )


def _reason(error: Exception) -> str:
    """A refusal in words: `backing_file: Backing file is not allowed`."""
    failures: dict[str, Exception] = getattr(error, "failures", {})
    return "; ".join(f"{name}: {why}" for name, why in failures.items()) or str(error)
