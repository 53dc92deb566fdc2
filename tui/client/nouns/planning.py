"""What novabox says before and after: plans, capacity, explanations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that stands in the way; numbers where it has some, in ``unit``."""

    what: str = ""
    text: str = ""
    asked: int | None = None
    free: int | None = None
    limit: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an object is as it is, and what a person might do."""

    state: str = ""
    summary: str = ""
    reasons: tuple[Reason, ...] = ()
    advice: tuple[str, ...] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one filter says of one host."""

    filter: str
    is_passed: bool
    text: str = ""
    asked: int | None = None
    free: int | None = None
    limit: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostChecks:
    """What all filters say of one host."""

    name: str
    is_chosen: bool = False
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a request takes of one limit (-1: there is none)."""

    resource: str
    used: int
    asked: int
    limit: int
    is_exceeded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What the real request would be answered."""

    code: str
    message: str
    status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedImage:
    """Whether the host has the image already, how large it is, and what EC2 calls it."""

    is_cached: bool = False
    size_bytes: int | None = None
    ec2_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCount:
    """How many were asked for, and how many got a host."""

    asked: int = 0
    placed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What running would do."""

    host: str | None = None
    hosts: tuple[HostChecks, ...] = ()
    quota: tuple[Share, ...] = ()
    count: PlannedCount = PlannedCount()
    image: PlannedImage | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One object, and what becomes of it."""

    kind: str
    id: str
    name: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What attaching, detaching or deleting would do."""

    touches: tuple[Touch, ...] = ()
    frees_bytes: int | None = None
    is_undoable: bool = False
    undo_s: int | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What one instance takes of its host; ``state`` may be imagined, or others."""

    id: str = ""
    name: str = ""
    vcpus: int = 0
    memory_mib: int = 0
    disk_gib: int = 0
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRoom:
    """What a host has, may give away (the limits), and has given."""

    name: str
    is_up: bool = False
    vcpus: int = 0
    vcpus_limit: int = 0
    vcpus_used: int = 0
    memory_mib: int = 0
    memory_mib_limit: int = 0
    memory_mib_used: int = 0
    disk_gib: int = 0
    disk_gib_limit: int = 0
    disk_gib_used: int = 0
    instances: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How many more of a flavor fit, and why none does."""

    flavor: str
    flavor_id: str = ""
    vcpus: int = 0
    memory_mib: int = 0
    disk_gib: int = 0
    count: int = 0
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """Where an instance that nobody asked for would go."""

    flavor: str
    host: str | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How much of one limit a project uses (-1: there is none)."""

    resource: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectQuota:
    """A project's limits."""

    project_id: str
    project: str = ""
    resources: tuple[Used, ...] = ()

    @property
    def key(self) -> str:
        """The project's id."""
        return self.project_id

    def of(self, resource: str) -> Used:
        """Return the limit of one resource; an empty one where the cloud counts none."""
        nothing = Used(resource=resource, used=0, limit=-1)
        return next((one for one in self.resources if one.resource == resource), nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How it was once, all hosts together."""

    at: str
    vcpus: int = 0
    vcpus_used: int = 0
    memory_mib: int = 0
    memory_mib_used: int = 0
    disk_gib: int = 0
    disk_gib_used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A straight line into the future; ``fit`` is its r²."""

    resource: str
    per_day: float
    full_in_s: float
    fit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Who has the room, what still fits, whose limits, how it was and how it goes on."""

    hosts: tuple[HostRoom, ...] = ()
    fits: tuple[Fit, ...] = ()
    imagined: tuple[Imagined, ...] = ()
    quotas: tuple[ProjectQuota, ...] = ()
    history: tuple[Sample, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
