"""Encryption as S3 asks for it: SSE-S3 (the box has the key) and SSE-C (each request brings it).

What a request says is checked before its body is read. KMS is not served. A customer's key comes as
the request comes: Amazon insists on TLS, and this store has none of its own (ADR 0018).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from services.http.endpoint import Reply
from services.object import encryption
from services.object.encryption import ALGORITHM, CustomerKey
from services.object.s3 import configurations
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from storage.objects.object_file import ObjectRecord
from storage.objects.transfer import Upload

HEADER: Final = "x-amz-server-side-encryption"
_CUSTOMER: Final = f"{HEADER}-customer-"
_OF_SOURCE: Final = "x-amz-copy-source-server-side-encryption-customer-"
_FIELDS: Final = ("algorithm", "key", "key-md5")
_ASKED: Final = frozenset({HEADER, *(_CUSTOMER + name for name in _FIELDS)})
_KMS: Final = ("aws:kms", "aws:kms:dsse", "aws:fsx")
_KEY_BYTES: Final = 32


def key_of(call: Call) -> CustomerKey | None:
    """The key that a request brings; None when it brings none. Raises Refused."""
    return _key(call, _CUSTOMER)


def key_of_source(call: Call) -> CustomerKey | None:
    """The key that a request brings for what is copied. Raises Refused."""
    return _key(call, _OF_SOURCE)


def check_asked(given: Mapping[str, str]) -> None:
    """Refuse what cannot be done of what a write asks for: never a silent success."""
    names = [name for name in given if name.startswith(HEADER)]
    if not names:
        return
    if unknown := [name for name in names if name not in _ASKED]:
        raise Refused("NotImplemented", f"{unknown[0]}: keys of a KMS are not served.")
    wanted = given.get(HEADER)
    if wanted in _KMS:
        raise Refused("NotImplemented", f"{wanted}: keys of a KMS are not served.")
    if wanted is not None and wanted != ALGORITHM:
        raise Refused("InvalidEncryptionAlgorithmError")
    if wanted is not None and len(names) > 1:
        raise Refused(
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption "
            "method specified",
        )


def is_asked(call: Call) -> bool:
    """Whether a request asks for encryption."""
    return any(name in call.headers for name in _ASKED)


def begin(call: Call, upload: Upload) -> Mapping[str, str]:
    """Let an upload be kept as its request, which is checked, or its bucket wants it.

    Returns what to keep beside the object. Raises Refused.
    """
    if (key := key_of(call)) is not None:
        return encryption.begin(upload, key)
    if HEADER in call.headers or encryption.is_default(call.bucket.metadata):
        return encryption.begin(upload, call.store.ciphers)
    return {}


def of_upload(call: Call) -> dict[str, str]:
    """What to keep beside an object in parts that is begun: how each part is to be kept."""
    if (key := key_of(call)) is not None:
        return {encryption.PARTS_KEY: key.new()[1][encryption.KEY]}
    if HEADER in call.headers or encryption.is_default(call.bucket.metadata):
        return {encryption.PARTS_KEY: encryption.BOX}
    return {}


def begin_part(call: Call, upload: Upload, whole: ObjectRecord) -> Mapping[str, str]:
    """Let a part be kept as the whole is to be; return what to keep beside it. Raises Refused."""
    check_asked(call.headers)
    _refuse_asking(call)
    key, wanted = key_of(call), encryption.kept(whole)
    if not wanted.startswith(encryption.CUSTOMER):
        if key is not None:
            raise Refused(
                "InvalidRequest",
                "The multipart upload initiate did not request encryption with this key. "
                "The part must not bring one.",
            )
        return encryption.begin(upload, call.store.ciphers) if wanted else {}
    if key is None:
        raise Refused(
            "InvalidRequest",
            "The multipart upload initiate requested encryption. Subsequent part requests must "
            "include the appropriate encryption parameters.",
        )
    if not key.is_of(wanted):
        raise Refused(
            "InvalidRequest",
            "The provided encryption parameters did not match the ones used originally.",
        )
    return encryption.begin(upload, key)


def check_reading(call: Call, record: ObjectRecord) -> CustomerKey | None:
    """The key with which an object is read, if it needs one. Raises Refused."""
    _refuse_asking(call)
    return _checked(key_of(call), record)


def check_source(call: Call, record: ObjectRecord) -> CustomerKey | None:
    """The key with which an object is copied, if it needs one. Raises Refused."""
    return _checked(key_of_source(call), record)


def told(call: Call, record: ObjectRecord) -> dict[str, str]:
    """The headers that say how an object is kept."""
    if not (kept := encryption.kept(record)):
        return {}
    if not kept.startswith(encryption.CUSTOMER):
        return {HEADER: ALGORITHM}
    md5 = call.headers.get(f"{_CUSTOMER}key-md5")  # absent when an upload is completed
    return {f"{_CUSTOMER}algorithm": ALGORITHM} | ({f"{_CUSTOMER}key-MD5": md5} if md5 else {})


def get(call: Call) -> Reply:
    """GetBucketEncryption."""
    if not encryption.is_default(call.bucket.metadata):
        raise Refused("ServerSideEncryptionConfigurationNotFoundError")
    default = [("ApplyServerSideEncryptionByDefault", [("SSEAlgorithm", ALGORITHM)])]
    return configurations.reply(
        "ServerSideEncryptionConfiguration", [("Rule", [*default, ("BucketKeyEnabled", False)])]
    )


def put(call: Call) -> Reply:
    """PutBucketEncryption: what is put into the bucket from now on, by either face."""
    root = call.document("ServerSideEncryptionConfiguration")
    rules = list(root.all("Rule"))
    default = rules[0].find("ApplyServerSideEncryptionByDefault") if len(rules) == 1 else None
    if default is None:
        raise Refused("MalformedXML")
    wanted = default.value("SSEAlgorithm")
    if wanted in _KMS or default.find("KMSMasterKeyID") is not None:
        raise Refused("NotImplemented", "Keys of a KMS are not served.")
    if wanted != ALGORITHM:
        raise Refused("MalformedXML")
    if rules[0].find("BlockedEncryptionTypes") is not None:
        raise Refused("NotImplemented", "Blocking a type of encryption is not served.")
    configurations.keep(call, encryption.CONTAINER, ALGORITHM)
    return Reply()


def delete(call: Call) -> Reply:
    """DeleteBucketEncryption: what is there stays as it is."""
    configurations.keep(call, encryption.CONTAINER, None)
    return Reply(status=204)


def _refuse_asking(call: Call) -> None:
    if HEADER in call.headers:
        raise Refused("InvalidArgument", f"{HEADER} header is not supported for this operation.")


def _checked(key: CustomerKey | None, record: ObjectRecord) -> CustomerKey | None:
    kept = encryption.kept(record)
    if kept.startswith(encryption.CUSTOMER):
        if key is None:
            raise Refused(
                "InvalidRequest",
                "The object was stored using a form of Server Side Encryption. The correct "
                "parameters must be provided to retrieve the object.",
            )
        if not key.is_of(kept):
            raise Refused("AccessDenied")
    elif key is not None:
        raise Refused(
            "InvalidRequest", "The encryption parameters are not applicable to this object."
        )
    return key


def _key(call: Call, prefix: str) -> CustomerKey | None:
    algorithm, key, md5 = (call.headers.get(prefix + name) for name in _FIELDS)
    if algorithm is None and key is None and md5 is None:
        return None
    if algorithm is None:
        raise _invalid("must provide a valid encryption algorithm.")
    if algorithm != ALGORITHM:
        raise Refused("InvalidEncryptionAlgorithmError")
    if not key:
        raise _invalid("must provide an appropriate secret key.")
    if not md5:
        raise _invalid("must provide the client calculated MD5 of the secret key.")
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise Refused("InvalidArgument", "The secret key was invalid for the specified algorithm.")
    made = base64.b64encode(hashlib.md5(raw, usedforsecurity=False).digest())
    if not hmac.compare_digest(made, md5.encode()):
        raise Refused(
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        )
    return CustomerKey(key=raw, others=call.store.ciphers)


def _invalid(what: str) -> Refused:
    return Refused(
        "InvalidArgument",
        f"Requests specifying Server Side Encryption with Customer provided keys {what}",
    )
