"""The catalog: where each service of this cloud is, for a project."""

import uuid
from dataclasses import dataclass
from typing import Final

from appliance import config

REGION: Final = "RegionOne"
INTERFACES: Final = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service; `url` may have `%(project_id)s` in it."""

    type: str
    name: str
    url: str

    @property
    def id(self) -> str:
        """The same thirty-two digits in every cloud."""
        return _id(self.type)

    def endpoint_id(self, interface: str) -> str:
        """The same thirty-two digits in every cloud."""
        return _id(f"{self.type}/{interface}")


def services(settings: config.Settings) -> tuple[Service, ...]:
    """Every service of this cloud."""
    api = settings.api_url
    return (
        Service(type="identity", name="keystone", url=f"{api}/identity/v3"),
        Service(type="compute", name="nova", url=f"{api}/compute/v2.1"),
        Service(type="image", name="glance", url=f"{api}/image"),
        Service(type="block-storage", name="cinder", url=f"{api}/volume/v3/%(project_id)s"),
        # what clients called it before it had that name
        Service(type="volumev3", name="cinderv3", url=f"{api}/volume/v3/%(project_id)s"),
        Service(type="network", name="neutron", url=f"{api}/network"),
        Service(
            type="object-store",
            name="swift",
            url=f"{settings.object_url}/v1/AUTH_%(project_id)s",
        ),
        Service(type="ec2", name="ec2", url=f"{api}/services/Cloud"),
        Service(type="novabox", name="novabox", url=f"{api}/novabox/v1"),
    )


def _id(text: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"novabox:{text}").hex
