"""What is done to a pool or an export: a hop in the trace, and one kind of error."""

import contextlib
from collections.abc import Iterator

from appliance import trace
from appliance.errors import VolumeError
from storage.blocks.errors import BlockError


@contextlib.contextmanager
def doing(verb: str, *, target: str, **what: str) -> Iterator[trace.Span]:
    """Record `verb` on `target` (pool, export). Raises VolumeError for what storage refuses."""
    with trace.hop("driver", verb, target=target, **what) as span, as_volume_error():
        yield span


@contextlib.contextmanager
def as_volume_error() -> Iterator[None]:
    """Raise VolumeError for what storage refuses."""
    try:
        yield
    except BlockError as error:
        raise VolumeError(str(error), tried=error.tried) from error
