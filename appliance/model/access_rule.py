"""What a token of an application credential may call, where the credential says so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One row of `access_rules`: a service's type in the catalog, an HTTP method, and a path.

    In the path `*` is one segment, `**` any number, and `{name}` one (Keystone's access rules).
    """

    id: str
    service: str
    method: str
    path: str
