"""The API calls this client makes, one function a call; each returns a ``Call``, sends nothing."""

from tui.client.verbs import (
    block_storage,
    compute,
    identity,
    image,
    insides,
    journal,
    network,
    novabox,
    object_store,
    planning,
)

__all__ = [
    "block_storage",
    "compute",
    "identity",
    "image",
    "insides",
    "journal",
    "network",
    "novabox",
    "object_store",
    "planning",
]
