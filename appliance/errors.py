"""Every error of novabox. Each knows its HTTP status; faces only format.

NovaboxError                 500
├── BadRequest               400
├── Unauthorized             401
├── Forbidden                403
│   └── OverQuota            403
├── NotFound                 404
│   └── NotAttached          404
├── Conflict                 409
│   ├── Superseded           409
│   ├── InUse                409
│   └── IdempotentMismatch   409
├── Gone                     410
├── TooLarge                 413
├── UnsupportedMedia         415
├── Unavailable              503
│   └── Paused               503
├── ConfigError              a setting is wrong; nothing was started
├── NoValidHost              a launch that no host can take; carries why, host by host
└── HostError                the machine refused: carries what was tried
    ├── HypervisorError
    ├── NetworkError
    ├── StoreError
    └── VolumeError
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that stands in the way, and where it can be counted the numbers, in `unit`.

    `what` names who says so: `box1 RamFilter`, `quota cores`. `limit` is all there is, `free` what
    is left of it.
    """

    what: str
    text: str
    asked: int | None = None
    free: int | None = None
    limit: int | None = None
    unit: str = ""


class NovaboxError(Exception):
    """Something a person has to read; its text says what, which and what to do.

    `headers` are what the answer that says so has besides: a face may set them. `reasons` are the
    text's facts, where it has several or numbers: an explanation shows them days later.
    """

    status = 500
    headers: Mapping[str, str] = MappingProxyType({})
    reasons: tuple[Reason, ...] = ()


class BadRequest(NovaboxError):
    """The request cannot mean anything: wrong type, wrong value, unknown field."""

    status = 400


class Unauthorized(NovaboxError):
    """Nobody we know asked: no token, a bad one, or an expired one."""

    status = 401


class Forbidden(NovaboxError):
    """We know who asks, and may not do it for them."""

    status = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a request asks of one of its project's limits (-1: there is none)."""

    resource: str
    used: int
    asked: int
    limit: int

    @property
    def is_exceeded(self) -> bool:
        """Whether it asks for more than is left."""
        return 0 <= self.limit < self.used + self.asked


class OverQuota(Forbidden):
    """The project would own more than its quota; `shares` is what it asks of each limit."""

    def __init__(self, message: str, shares: Sequence[Share] = ()) -> None:
        super().__init__(message)
        self.shares = tuple(shares)
        self.reasons = tuple(
            Reason(
                what=f"quota {one.resource}", asked=one.asked, limit=one.limit,
                free=max(one.limit - one.used, 0),
                text=f"{one.asked} more {one.resource} asked, {one.used} of {one.limit} used",
            )
            for one in shares
            if one.is_exceeded
        )  # fmt: skip


class NotFound(NovaboxError):
    """No such thing, or none that this project may see."""

    status = 404

    def __init__(self, noun: str, key: str) -> None:
        super().__init__(f"{noun[:1].upper()}{noun[1:]} {key} could not be found.")
        self.noun = noun


class NotAttached(NotFound):
    """The volume is there, and is not this instance's."""

    def __init__(self, instance_id: str, volume_id: str) -> None:
        super().__init__("volume", volume_id)
        self.args = (f"Instance {instance_id} is not attached to volume {volume_id}",)


class Conflict(NovaboxError):
    """The thing is not in a state in which this can be done, or exists already."""

    status = 409


class Superseded(Conflict):
    """Somebody else changed the row first; what one was about to do to it is not due any more."""


class InUse(Conflict):
    """Something else holds it: a port its group, an instance its volume, a snapshot its volume."""


class IdempotentMismatch(Conflict):
    """A client token that was used before, now with other parameters."""


class Gone(NovaboxError):
    """It was here, and is not any more: a revision too old, an image whose data is deleted."""

    status = 410


class TooLarge(NovaboxError):
    """A body, a header or a name over its limit; the text has the limit."""

    status = 413


class UnsupportedMedia(NovaboxError):
    """A Content-Type that this verb does not read."""

    status = 415


class Unavailable(NovaboxError):
    """A part that is needed does not answer; trying again later may work."""

    status = 503


class Paused(Unavailable):
    """A person keeps the part that is needed from answering; it will, and nothing has failed."""


class ConfigError(NovaboxError):
    """A setting is unknown or wrong; the text names the key and the nearest known one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One filter's reason to refuse one host, in numbers a person can act on."""

    host: str
    filter: str
    reason: str
    asked: int | None = None
    free: int | None = None
    limit: int | None = None
    unit: str = ""


class NoValidHost(NovaboxError):
    """No host can take the instance; `refusals` says why, per host and filter."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        why = "; ".join(f"{r.host}: {r.filter}: {r.reason}" for r in refusals)
        super().__init__(f"No valid host was found. {why or 'No compute host has reported in.'}")
        self.refusals = tuple(refusals)
        self.reasons = tuple(
            Reason(
                what=f"{one.host} {one.filter}", text=one.reason, asked=one.asked, free=one.free,
                limit=one.limit, unit=one.unit,
            )
            for one in refusals
        )  # fmt: skip


class HostError(NovaboxError):
    """The machine refused; `tried` says what was attempted, for the fault row and the trace."""

    def __init__(self, message: str, *, tried: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.tried = dict(tried or {})
        self.reasons = tuple(Reason(what=what, text=text) for what, text in self.tried.items())


class HypervisorError(HostError):
    """libvirt or QEMU refused."""


class NetworkError(HostError):
    """The kernel, nftables or dnsmasq refused."""


class StoreError(HostError):
    """A store of bytes refused, or gave back other bytes than were put."""


class VolumeError(HostError):
    """A pool, an export or a tool of theirs refused."""
