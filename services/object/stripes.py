"""What keeps two requests from changing one object at a time, whichever face they came by.

It refuses to know what they do. There are fewer locks than objects: some share one.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Final

from storage.objects.object_file import ObjectName

_stripes: Final = tuple(threading.RLock() for _ in range(256))


def lock(name: ObjectName) -> AbstractContextManager[bool]:
    """What to hold while looking at an object and then changing it."""
    return _stripes[int(name.hash[:2], 16)]
