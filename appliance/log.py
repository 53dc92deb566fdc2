"""Logging: one line an event, noun and id first, the request id on every line."""

import logging
import sys
from typing import Final

from appliance import context

FORMAT: Final = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s [%(request_id)s] %(message)s"


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        request = context.current.get()
        record.request_id = request.request_id if request else "-"
        return True


def start(level: str = "INFO") -> None:
    """Log to standard error; the supervisor or systemd keeps what is written there."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT, datefmt="%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(_RequestId())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("huey").setLevel(logging.ERROR)  # its failures come back as our faults


class Secret(str):
    """A text that never shows itself: `repr`, `str()` in an f-string and logs print `***`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """The text itself, for the one place that must send it."""
        return str.__str__(self)
