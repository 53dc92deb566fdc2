"""What S3 refuses, under which code, and how it writes that (S3 API, "Error responses")."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Final

from appliance import context, errors
from services.http import faults, stream
from services.object import refusals as swift_refusals
from services.object.s3 import documents
from storage.objects import errors as stored

# code → status, the sentence when nothing better is known
_CODES: Final[Mapping[str, tuple[int, str]]] = {
    "AccessControlListNotSupported": (400, "The bucket does not allow ACLs."),
    "AccessDenied": (403, "Access Denied"),
    "AuthorizationHeaderMalformed": (400, "The authorization header is malformed."),
    "AuthorizationQueryParametersError": (400, "The query's signature cannot be read."),
    "BadDigest": (400, "The Content-MD5 or checksum value that you specified did not match."),
    "BucketAlreadyExists": (409, "The requested bucket name is not available."),
    "BucketAlreadyOwnedByYou": (409, "The bucket that you tried to create is yours already."),
    "BucketNotEmpty": (409, "The bucket that you tried to delete is not empty."),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed size."),
    "IncompleteBody": (400, "The body has fewer bytes than Content-Length says."),
    "InternalError": (500, "An internal error occurred. Try again."),
    "InvalidAccessKeyId": (403, "The access key ID that you provided does not exist."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketAclWithObjectOwnership": (
        400,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting.",
    ),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidBucketState": (409, "The request is not valid for the current state of the bucket."),
    "InvalidChunkSizeError": (403, "Only the last chunk may have fewer than 8192 bytes."),
    "InvalidDigest": (400, "The Content-MD5 or checksum value that you specified is not valid."),
    "InvalidEncryptionAlgorithmError": (400, "The valid value of the encryption is AES256."),
    "InvalidPart": (400, "A part could not be found, or its entity tag does not match."),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable."),
    "InvalidPartOrder": (400, "The list of parts was not in ascending order."),
    "InvalidPolicyDocument": (400, "The content of the form does not meet its policy."),
    "InvalidRange": (416, "The requested range is not satisfiable."),
    "InvalidRequest": (400, "Invalid Request"),
    "InvalidStorageClass": (400, "The storage class you specified is not valid."),
    "InvalidTag": (400, "The tag that you provided is not valid."),
    "InvalidURI": (400, "The URI cannot be parsed: it is not UTF-8."),
    "KeyTooLongError": (400, "Your key is too long."),
    "MalformedACLError": (400, "The ACL that you provided was not well formed."),
    "MalformedPOSTRequest": (400, "The body is not well-formed multipart/form-data."),
    "MalformedPolicy": (400, "Policy has invalid resource, action, principal or condition."),
    "MalformedXML": (400, "The XML that you provided was not well formed or is not valid."),
    "MaxMessageLengthExceeded": (400, "Your request was too large."),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size."),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "MissingSecurityHeader": (400, "Your request is missing a required header."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist."),
    "NoSuchCORSConfiguration": (404, "The CORS configuration does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchLifecycleConfiguration": (404, "The lifecycle configuration does not exist."),
    "NoSuchObjectLockConfiguration": (404, "The object has no such lock."),
    "NoSuchPublicAccessBlockConfiguration": (404, "There is no public access block."),
    "NoSuchTagSet": (404, "The TagSet does not exist."),
    "NoSuchUpload": (404, "The upload ID may be invalid, or the upload was aborted or completed."),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NoSuchWebsiteConfiguration": (404, "The bucket has no website configuration."),
    "NotImplemented": (501, "A header or query you provided asks for what is not implemented."),
    "ObjectLockConfigurationNotFoundError": (404, "There is no object lock configuration."),
    "OwnershipControlsNotFoundError": (404, "The bucket ownership controls were not found."),
    "PreconditionFailed": (412, "At least one of the preconditions you specified did not hold."),
    "RequestHeaderSectionTooLarge": (400, "A header of your request is too long."),
    "RequestTimeTooSkewed": (403, "Your clock and the server's are too far apart."),
    "RequestTimeout": (400, "Your socket connection was not read from or written to in time."),
    "ServerSideEncryptionConfigurationNotFoundError": (404, "There is no encryption set."),
    "ServiceUnavailable": (503, "The store does not answer. Try again."),
    "SignatureDoesNotMatch": (403, "The signature we calculated is not the one you provided."),
    "UnresolvableGrantByEmailAddress": (400, "No account has that email address."),
    "XAmzContentSHA256Mismatch": (400, "The body is not what 'x-amz-content-sha256' says."),
}
_BY_STATUS: Final = {
    400: "InvalidRequest", 401: "AccessDenied", 403: "AccessDenied", 404: "NoSuchKey",
    405: "MethodNotAllowed", 413: "EntityTooLarge", 503: "ServiceUnavailable",
}  # fmt: skip

log = logging.getLogger(__name__)


class Refused(faults.Coded):
    """A refusal by its code; `facts` are further elements of its document, `headers` of its answer.

    The status is the code's own, unless one is given.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        facts: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        own_status, own_message = _CODES[code]
        super().__init__(code, message or own_message, status=status or own_status)
        self.facts = facts or {}
        self.headers = headers or {}


def of(error: errors.NovaboxError) -> Refused:
    """The refusal that says in S3's words what `error` says in ours."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, stream.Disconnected):
        return Refused("IncompleteBody")
    if isinstance(error, swift_refusals.Refused):
        return Refused(_code(error.status), str(error), status=error.status)
    return Refused(_code(error.status), str(error))


def write(error: Refused, facts: Mapping[str, str]) -> bytes:
    """The document that says no."""
    request = context.current.get()
    return documents.write(
        "Error",
        [
            ("Code", error.code), ("Message", str(error)), *error.facts.items(), *facts.items(),
            ("RequestId", request.request_id if request else ""), ("HostId", "novabox"),
        ],
        namespace="",
    )  # fmt: skip


def formatter(fault: faults.Fault) -> tuple[str, bytes]:
    """Write what the application itself refused: the face's formatter."""
    code = fault.kind if fault.is_coded else _code(fault.status)
    return "application/xml", write(Refused(code, fault.message), {})


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise what the store says as what S3 answers."""
    try:
        yield
    except stored.ContainerNotFound as error:
        raise Refused("NoSuchBucket") from error
    except stored.ObjectDamaged as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence is the store's
        raise Refused("NoSuchKey") from error
    except stored.NotFound as error:
        raise Refused("NoSuchKey") from error
    except stored.ContainerNotEmpty as error:
        raise Refused("BucketNotEmpty") from error
    except stored.ObjectSealed as error:
        raise Refused("InvalidRequest", str(error)) from error
    except stored.StoreFull as error:
        log.error("%s", error)  # noqa: TRY400
        raise Refused("ServiceUnavailable", "There is no space left.", status=507) from error
    except stored.StoreError as error:
        log.exception("the store failed")
        raise Refused("ServiceUnavailable") from error


def _code(status: int) -> str:
    return _BY_STATUS.get(status, "InternalError" if status >= 500 else "InvalidRequest")
