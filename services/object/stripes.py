"""What keeps two requests from changing one object at a time, whichever face they came by.

It refuses to know what they do. There are fewer locks than objects: some share one.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from services.http import threads
from storage.objects.object_file import ObjectName

_stripes: Final = tuple(threading.RLock() for _ in range(256))


@contextlib.contextmanager
def lock(name: ObjectName) -> Iterator[None]:
    """What to hold while looking at an object and then changing it."""
    with threads.alone(), _stripes[int(name.hash[:2], 16)]:
        yield
