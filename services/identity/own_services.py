"""The cloud's own services in the catalog: written at each start, for their URLs are settings'."""

import uuid
from dataclasses import replace
from typing import Final

from appliance import config
from appliance.db import catalog as rows
from appliance.db import connection
from appliance.model.catalog import INTERFACES, Endpoint, Region, Service

REGION: Final = "RegionOne"


def own(settings: config.Settings) -> tuple[tuple[str, str, str], ...]:
    """The cloud's own services: type, name, URL."""
    api = settings.api_url
    return (
        ("identity", "keystone", f"{api}/identity/v3"),
        ("compute", "nova", f"{api}/compute/v2.1"),
        ("image", "glance", f"{api}/image"),
        ("block-storage", "cinder", f"{api}/volume/v3/%(project_id)s"),
        # what clients called it before it had that name
        ("volumev3", "cinderv3", f"{api}/volume/v3/%(project_id)s"),
        ("network", "neutron", f"{api}/network"),
        ("object-store", "swift", f"{settings.object_url}/v1/AUTH_%(project_id)s"),
        ("ec2", "ec2", f"{api}/services/Cloud"),
        ("novabox", "novabox", f"{api}/novabox/v1"),
    )


def ensure(tx: connection.Transaction, settings: config.Settings) -> None:
    """Write the cloud's own region, services and endpoints; what is there keeps all but its URL."""
    regions = {one.id for one in rows.regions.listed(tx)}
    services = {one.id for one in rows.services.listed(tx)}
    endpoints = {one.id: one for one in rows.endpoints.listed(tx)}
    if REGION not in regions:
        rows.regions.create(tx, Region(id=REGION))
    for kind, name, url in own(settings):
        if _id(kind) not in services:
            rows.services.create(tx, Service(id=_id(kind), type=kind, name=name))
        for interface in INTERFACES:
            key = _id(f"{kind}/{interface}")
            known = endpoints.get(key)
            if known is None:
                made = Endpoint(
                    id=key, service_id=_id(kind), interface=interface, region_id=REGION, url=url
                )
                rows.endpoints.create(tx, made)
            elif known.url != url:
                rows.endpoints.update(tx, replace(known, url=url))


def _id(text: str) -> str:
    """The same thirty-two digits in every cloud."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"novabox:{text}").hex
