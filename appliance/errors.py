"""Every error of novabox. Each knows its HTTP status and its EC2 code; faces only format.

NovaboxError                 500
├── BadRequest               400
├── Unauthorized             401
├── Forbidden                403
│   └── OverQuota            403
├── NotFound                 404
├── Conflict                 409
├── Gone                     410
├── LengthRequired           411
├── TooLarge                 413
├── UnsupportedMedia         415
├── Unprocessable            422
├── Unavailable              503
├── ConfigError              a setting is wrong; nothing was started
├── NoValidHost              a launch that no host can take; carries why, host by host
└── HostError                the machine refused: carries what was tried
    ├── HypervisorError
    ├── NetworkError
    └── StoreError
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class NovaboxError(Exception):
    """Something a person has to read; its text says what, which and what to do."""

    status = 500
    ec2_code = "InternalError"


class BadRequest(NovaboxError):
    """The request cannot mean anything: wrong type, wrong value, unknown field."""

    status = 400
    ec2_code = "InvalidParameterValue"


class Unauthorized(NovaboxError):
    """Nobody we know asked: no token, a bad one, or an expired one."""

    status = 401
    ec2_code = "AuthFailure"


class Forbidden(NovaboxError):
    """We know who asks, and may not do it for them."""

    status = 403
    ec2_code = "UnauthorizedOperation"


class OverQuota(Forbidden):
    """The project would own more than its quota; the text has limit, used and asked."""

    ec2_code = "InstanceLimitExceeded"


class NotFound(NovaboxError):
    """No such thing, or none that this project may see."""

    status = 404

    def __init__(self, noun: str, key: str) -> None:
        super().__init__(f"{noun[:1].upper()}{noun[1:]} {key} could not be found.")
        self.noun = noun
        self.key = key
        words = "".join(word.capitalize() for word in noun.lower().split())
        self.ec2_code = f"Invalid{words}.NotFound"


class Conflict(NovaboxError):
    """The thing is not in a state in which this can be done, or exists already."""

    status = 409
    ec2_code = "IncorrectState"


class Superseded(Conflict):
    """Somebody else changed the row first; what one was about to do to it is not due any more."""


class Gone(NovaboxError):
    """It was here, and is not any more: a revision too old, an image whose data is deleted."""

    status = 410


class LengthRequired(NovaboxError):
    """The face must know the body's length before it reads it."""

    status = 411


class TooLarge(NovaboxError):
    """A body, a header or a name over its limit; the text has the limit."""

    status = 413
    ec2_code = "RequestEntityTooLarge"


class UnsupportedMedia(NovaboxError):
    """A Content-Type that this verb does not read."""

    status = 415


class Unprocessable(NovaboxError):
    """Well formed, and yet not what it says: a checksum or an image format that disagrees."""

    status = 422


class Unavailable(NovaboxError):
    """A part that is needed does not answer; trying again later may work."""

    status = 503
    ec2_code = "Unavailable"


class ConfigError(NovaboxError):
    """A setting is unknown or wrong; the text names the key and the nearest known one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One filter's reason to refuse one host, in numbers a person can act on."""

    host: str
    filter: str
    reason: str


class NoValidHost(NovaboxError):
    """No host can take the instance; `refusals` says why, per host and filter."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        why = "; ".join(f"{r.host}: {r.filter}: {r.reason}" for r in refusals)
        super().__init__(f"No valid host was found. {why or 'No compute host has reported in.'}")
        self.refusals = tuple(refusals)


class HostError(NovaboxError):
    """The machine refused; `tried` says what was attempted, for the fault row and the trace."""

    def __init__(self, message: str, *, tried: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.tried = dict(tried or {})


class HypervisorError(HostError):
    """libvirt or QEMU refused."""


class NetworkError(HostError):
    """The kernel, nftables or dnsmasq refused."""


class StoreError(HostError):
    """A store of bytes refused, or gave back other bytes than were put."""
