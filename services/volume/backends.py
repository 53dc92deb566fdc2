"""The pool and the exporter that the settings name, and where in the state folder they live."""

from appliance import config
from storage.blocks import choose
from storage.blocks.export import Exporter
from storage.blocks.pool import Pool


def pool(settings: config.Settings) -> Pool:
    """The pool. Raises BlockError for one that nobody knows."""
    at = settings.volume
    return choose.pool(at.pool, folder=settings.home / "volumes", lvm_group=at.lvm_group)


def exporter(settings: config.Settings) -> Exporter:
    """The exporter. Raises BlockError for one that nobody knows."""
    at = settings.volume
    folder = settings.home / "volume" / "exports"
    return choose.exporter(at.export, folder=folder, address=at.address, port=at.port)


def explain(settings: config.Settings) -> str:
    """Which exporter it is, and why: `tgt: the kernel has no LIO`."""
    if settings.volume.export == "auto":
        return ": ".join(choose.automatic())
    return f"{settings.volume.export}: volume.export says so"
