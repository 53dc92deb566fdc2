"""The manifest of an AMI bundle, version 2007-10-10, as ec2-ami-tools and euca2ools write it.

It is a user's text: it is read without entities, and nothing in it is believed but by digests. Its
signature is not looked at: it is the user's over the user's own data, and the cloud knows no
certificate of theirs.
"""

import re
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree
from xml.parsers import expat

from appliance import errors

BYTES_MAX: Final = 1 << 20  # some seven thousand parts, of 10 MB each as bundlers make them
_VERSION: Final = "2007-10-10"
_CIPHER: Final = "AES-128-CBC"
_DIGEST: Final = "SHA1"
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,1024}")
_IS_ITSELF: Final = "true"  # in place of a kernel's id: this image is the kernel (Eucalyptus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One object of a bundle; `digest` is SHA-1 in hexadecimal."""

    filename: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself.

    `kind` is `machine`, `kernel` or `ramdisk`; kernel and ramdisk are EC2 ids; `size_bytes` is the
    image's, `bundled_size_bytes` that of all parts; `digest` is SHA-1 of the tar archive; key and
    IV are RSA-encrypted, in hexadecimal.
    """

    name: str
    kind: str
    architecture: str
    kernel_id: str | None
    ramdisk_id: str | None
    root_device_name: str | None
    size_bytes: int
    bundled_size_bytes: int
    digest: str
    encrypted_key: str
    encrypted_iv: str
    parts: tuple[Part, ...]


def parse(document: bytes) -> Manifest:
    """Read a manifest. Raises BadRequest that names what is missing or wrong."""
    reading = _Reading(_tree(document))
    reading.expect("version", _VERSION)
    kernel_id = reading.find("machine_configuration/kernel_id")
    ramdisk_id = reading.find("machine_configuration/ramdisk_id")
    kind = reading.text("image/type") if reading.find("image/type") else "machine"
    if _IS_ITSELF in (kernel_id, ramdisk_id):
        kind = "kernel" if kernel_id == _IS_ITSELF else "ramdisk"
    if kind not in ("machine", "kernel", "ramdisk"):
        raise _wrong(f"type {kind!r}")
    is_machine = kind == "machine"
    reading.expect_algorithm("image/digest", _DIGEST)
    reading.expect_algorithm("image/ec2_encrypted_key", _CIPHER)
    return Manifest(
        name=reading.text("image/name"),
        kind=kind,
        architecture=reading.text("machine_configuration/architecture"),
        kernel_id=kernel_id if is_machine else None,
        ramdisk_id=ramdisk_id if is_machine else None,
        root_device_name=reading.root_device_name(),
        size_bytes=reading.number("image/size"),
        bundled_size_bytes=reading.number("image/bundled_size"),
        digest=reading.hexadecimal("image/digest"),
        encrypted_key=reading.hexadecimal("image/ec2_encrypted_key"),
        encrypted_iv=reading.hexadecimal("image/ec2_encrypted_iv"),
        parts=reading.parts(),
    )


class _Reading:
    """Texts of a tree, each checked as it is taken."""

    def __init__(self, root: ElementTree.Element) -> None:
        if root.tag != "manifest":
            raise _wrong(f"root element {root.tag!r}")
        self._root = root

    def find(self, path: str) -> str | None:
        return (self._root.findtext(path) or "").strip() or None

    def text(self, path: str) -> str:
        text = self.find(path)
        if text is None:
            raise errors.BadRequest(f"The manifest has no {path}.")
        return text

    def expect(self, path: str, wanted: str) -> None:
        if self.text(path) != wanted:
            raise _wrong(f"{path} {self.text(path)!r}: only {wanted} is read")

    def expect_algorithm(self, path: str, wanted: str) -> None:
        _check_algorithm(self._root.find(path), path, wanted)

    def number(self, path: str) -> int:
        return _number(self.text(path), path)

    def hexadecimal(self, path: str) -> str:
        return _hexadecimal(self.text(path), path)

    def root_device_name(self) -> str | None:
        for mapping in self._root.iterfind("machine_configuration/block_device_mapping/mapping"):
            if mapping.findtext("virtual") == "root":
                return mapping.findtext("device")
        return None

    def parts(self) -> tuple[Part, ...]:
        """Every part by its index. Raises BadRequest when one is missing or there twice."""
        found = list(self._root.iterfind("image/parts/part"))
        count = self._root.find("image/parts")
        said = count.get("count", "") if count is not None else ""
        by_index = {_number(each.get("index", ""), "part index"): each for each in found}
        if not found or sorted(by_index) != list(range(len(found))) or said != str(len(found)):
            raise _wrong(f"list of parts: {said!r} are counted, {len(found)} are there")
        return tuple(_part(by_index[index]) for index in range(len(found)))


def _part(element: ElementTree.Element) -> Part:
    filename = (element.findtext("filename") or "").strip()
    digest = (element.findtext("digest") or "").strip()
    _check_algorithm(element.find("digest"), f"part {filename!r}", _DIGEST)
    return Part(filename=filename, digest=_hexadecimal(digest, f"digest of part {filename!r}"))


def _check_algorithm(element: ElementTree.Element | None, what: str, wanted: str) -> None:
    """An algorithm that is not said is the one that there is."""
    said = wanted if element is None else element.get("algorithm", wanted)
    if said.upper() != wanted:
        raise _wrong(f"algorithm of {what}: {said!r}; only {wanted} is read")


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _wrong(f"{what}: {text[:40]!r} is no number")
    return int(text)


def _hexadecimal(text: str, what: str) -> str:
    if not _HEX.fullmatch(text):
        raise _wrong(f"{what}: {text[:40]!r} is not hexadecimal")
    return text.lower()


def _tree(document: bytes) -> ElementTree.Element:
    """The elements of a text that declares nothing: without a DOCTYPE there are no entities."""
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise _wrong(f"XML: {error}") from error
    return builder.close()


def _refuse_doctype(*_: object) -> None:
    raise _wrong("DOCTYPE: it needs none")


def _wrong(what: str) -> errors.BadRequest:
    return errors.BadRequest(f"The manifest has a wrong {what}.")
