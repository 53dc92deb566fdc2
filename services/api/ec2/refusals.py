"""How EC2 says no: our errors' codes, and the form of an answer that refuses.

A code depends on the error and, where the same error means two things, on the action.
"""

from collections.abc import Mapping
from typing import Final
from xml.sax import saxutils

from appliance import context, errors
from services.http import faults

Refused = faults.Coded

# the error's own name (a missing noun has one of its own) → code, HTTP status
_BY_KIND: Final[Mapping[str, tuple[str, int]]] = {
    "InstanceNotFound": ("InvalidInstanceID.NotFound", 400),
    "ImageNotFound": ("InvalidAMIID.NotFound", 400),
    "KeypairNotFound": ("InvalidKeyPair.NotFound", 400),
    "SecurityGroupNotFound": ("InvalidGroup.NotFound", 400),
    "SecurityGroupRuleNotFound": ("InvalidPermission.NotFound", 400),
    "VolumeNotFound": ("InvalidVolume.NotFound", 400),
    "SnapshotNotFound": ("InvalidSnapshot.NotFound", 400),
    "NetworkNotFound": ("InvalidSubnetID.NotFound", 400),
    "TooManyTags": ("TagLimitExceeded", 400),
}
_BY_CLASS: Final[tuple[tuple[type[errors.NovaboxError], tuple[str, int]], ...]] = (
    (errors.NoValidHost, ("InsufficientInstanceCapacity", 500)),
    (errors.Unavailable, ("Unavailable", 503)),
    (errors.OverQuota, ("ResourceLimitExceeded", 400)),
    (errors.Forbidden, ("UnauthorizedOperation", 403)),
    (errors.Unauthorized, ("AuthFailure", 401)),
    (errors.InUse, ("DependencyViolation", 400)),
    (errors.IdempotentMismatch, ("IdempotentParameterMismatch", 400)),
    (errors.Conflict, ("IncorrectState", 400)),
    (errors.NotFound, ("InvalidParameterValue", 400)),
    (errors.BadRequest, ("InvalidParameterValue", 400)),
    (errors.TooLarge, ("InvalidParameterValue", 400)),
    (errors.Gone, ("IncorrectState", 400)),
)
_INSTANCE_STATE: Final = {
    "Conflict": "IncorrectInstanceState",
    "Superseded": "IncorrectInstanceState",
}
_PERMISSION: Final = {
    "Conflict": "InvalidPermission.Duplicate",
    "OverQuota": "RulesPerSecurityGroupLimitExceeded",
}
# action → the error's own name → the code it has there
_BY_ACTION: Final[Mapping[str, Mapping[str, str]]] = {
    "CreateKeyPair": {"Conflict": "InvalidKeyPair.Duplicate"},
    "ImportKeyPair": {
        "Conflict": "InvalidKeyPair.Duplicate", "BadRequest": "InvalidKey.Format",
    },
    "CreateSecurityGroup": {
        "Conflict": "InvalidGroup.Duplicate", "OverQuota": "SecurityGroupLimitExceeded",
    },
    "DeleteSecurityGroup": {"Conflict": "CannotDelete", "InUse": "DependencyViolation"},
    "AuthorizeSecurityGroupIngress": _PERMISSION,
    "AuthorizeSecurityGroupEgress": _PERMISSION,
    "RunInstances": {"OverQuota": "InstanceLimitExceeded"},
    "StartInstances": _INSTANCE_STATE,
    "StopInstances": _INSTANCE_STATE,
    "RebootInstances": _INSTANCE_STATE,
    "TerminateInstances": _INSTANCE_STATE,
    "CreateVolume": {"OverQuota": "VolumeLimitExceeded"},
    "AttachVolume": {"InUse": "InvalidParameterValue"},  # a device's name that is taken
    "DetachVolume": {"BadRequest": "IncorrectState"},
    "DeleteVolume": {"BadRequest": "IncorrectState"},
    "CreateSnapshot": {"OverQuota": "SnapshotLimitExceeded", "BadRequest": "IncorrectState"},
    "DeleteSnapshot": {"BadRequest": "InvalidSnapshot.InUse"},
}  # fmt: skip
# what is refused before any action is known: too large a body, a method that is not EC2's
_BY_STATUS: Final = {
    404: "InvalidAction", 405: "InvalidAction", 413: "RequestEntityTooLarge", 503: "Unavailable",
}  # fmt: skip


def of(error: errors.NovaboxError, action: str) -> Refused:
    """The refusal that says in EC2's words what `error` says in ours."""
    if isinstance(error, Refused):
        return error
    kind = faults.of(error).kind
    code, status = _BY_KIND.get(kind) or next(
        (known for cls, known in _BY_CLASS if isinstance(error, cls)), ("InternalError", 500)
    )
    code = _BY_ACTION.get(action, {}).get(kind, code)
    return Refused(code, str(error), status=status)


def missing(parameter: str) -> Refused:
    """What a request lacks."""
    return Refused("MissingParameter", f"The request must contain the parameter {parameter}")


def invalid(value: object, parameter: str, *, why: str = "") -> Refused:
    """A value that cannot be."""
    text = f"Value ({value}) for parameter {parameter} is invalid."
    return Refused("InvalidParameterValue", f"{text} {why}".rstrip())


def ec2(fault: faults.Fault) -> tuple[str, bytes]:
    """The face's formatter: EC2's error document, with the request's id in the trace."""
    request = context.current.get()
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Errors><Error><Code>{saxutils.escape(_code(fault))}</Code>"
        f"<Message>{saxutils.escape(fault.message)}</Message></Error></Errors>"
        f"<RequestID>{request.request_id if request else ''}</RequestID></Response>"
    )
    return "text/xml;charset=UTF-8", document.encode()


def _code(fault: faults.Fault) -> str:
    """A refusal's own code; for what the server itself refused, one by the status."""
    if fault.is_coded:
        return fault.kind
    default = "InternalError" if fault.status >= 500 else "InvalidParameterValue"
    return _BY_STATUS.get(fault.status, default)
