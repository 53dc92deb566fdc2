"""AMI bundles as bundlers make them: tar, gzip, AES-128-CBC, parts, and a manifest."""

import gzip
import hashlib
import io
import secrets
import tarfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from services.image import certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A bundle: what goes into the manifest, each part's bytes by its name, key and IV."""

    fields: dict[str, str]
    digests: dict[str, str]
    parts: dict[str, bytes]
    key: bytes
    iv: bytes
    machine: dict[str, str] = field(default_factory=dict)

    def manifest(self) -> bytes:
        """The manifest's text."""
        algorithms = {"digest": "SHA1", "ec2_encrypted_key": "AES-128-CBC"}
        image = "".join(
            f'<{name} algorithm="{algorithms[name]}">{escape(text)}</{name}>'
            if name in algorithms
            else f"<{name}>{escape(text)}</{name}>"
            for name, text in self.fields.items()
        )
        machine = "".join(f"<{name}>{text}</{name}>" for name, text in self.machine.items())
        parts = "".join(
            f'<part index="{index}"><filename>{escape(name)}</filename>'
            f'<digest algorithm="SHA1">{digest}</digest></part>'
            for index, (name, digest) in enumerate(self.digests.items())
        )
        return (
            '<?xml version="1.0" ?><manifest><version>2007-10-10</version>'
            "<bundler><name>tests</name><version>1</version><release>0</release></bundler>"
            f"<machine_configuration>{machine}</machine_configuration>"
            f'<image>{image}<parts count="{len(self.digests)}">{parts}</parts></image>'
            "<signature>00</signature></manifest>"
        ).encode()

    def objects(self, folder: str = "") -> dict[str, bytes]:
        """What is uploaded, by its name."""
        return {f"{folder}{name}": data for name, data in self.parts.items()} | {
            f"{folder}disk.manifest.xml": self.manifest()
        }

    def saying(self, **fields: str) -> "Made":
        """The same bundle with another manifest."""
        return replace(self, fields=self.fields | fields)

    def on(self, **machine: str) -> "Made":
        """The same bundle with another machine configuration."""
        return replace(self, machine=self.machine | machine)


def bundle(
    image: bytes,
    etc_dir: Path,
    *,
    kind: str = "machine",
    part_bytes: int = 100_000,
    archive: bytes | None = None,
) -> Made:
    """Bundle an image for the cloud whose certificate is in `etc_dir`."""
    certificate.ensure(etc_dir)
    archive = tarred(image) if archive is None else archive
    key, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    whole = encrypted(gzip.compress(archive, mtime=0), key=key, iv=iv)
    parts = {
        f"disk.part.{number:02d}": whole[begin : begin + part_bytes]
        for number, begin in enumerate(range(0, len(whole), part_bytes))
    }
    return Made(
        key=key,
        iv=iv,
        parts=parts,
        digests={name: sha1(data) for name, data in parts.items()},
        machine={"architecture": "x86_64"},
        fields={
            "name": "disk",
            "type": kind,
            "digest": sha1(archive),
            "size": str(len(image)),
            "bundled_size": str(len(whole)),
            "ec2_encrypted_key": _for_cloud(key, etc_dir),
            "ec2_encrypted_iv": _for_cloud(iv, etc_dir),
        },
    )


def tarred(image: bytes, *, name: str = "disk", kind: bytes = tarfile.REGTYPE) -> bytes:
    """An archive of one member."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type = kind
        member.size = len(image)
        tar.addfile(member, io.BytesIO(image))
    return archive.getvalue()


def encrypted(data: bytes, *, key: bytes, iv: bytes) -> bytes:
    """AES-128-CBC with PKCS 7 padding."""
    padder = block_padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return cipher.update(padder.update(data) + padder.finalize()) + cipher.finalize()


def sha1(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha1(data).hexdigest()


def _for_cloud(block: bytes, etc_dir: Path) -> str:
    """What only the cloud's key opens: the hexadecimal text, as ec2-ami-tools encrypts it."""
    cloud = x509.load_pem_x509_certificate(certificate.path(etc_dir).read_bytes())
    key = cloud.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key.encrypt(block.hex().encode(), padding.PKCS1v15()).hex()
