"""Waiting for files that others append to: one inotify of this process for all of them.

A file is watched by its open descriptor, whatever its name is by now (inotify(7)).
"""

import asyncio
import ctypes
import os
import struct
from collections import defaultdict
from typing import Final

from appliance import errors

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_MODIFIED, _ATTRIBUTES, _MOVED = 0x2, 0x4, 0x800  # linux/inotify.h; deleting changes a link count
_HEAD: Final = struct.Struct("iIII")  # watch, mask, cookie, length of a name
_EVENTS_BYTES: Final = 16 << 10


class Growth:
    """Wakes who waits for a file. For one event loop: made and used on it."""

    def __init__(self) -> None:
        self._fd = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise errors.Unavailable(f"no inotify: {os.strerror(ctypes.get_errno())}")
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        asyncio.get_running_loop().add_reader(self._fd, self._take)

    def watch(self, fd: int) -> "Watch":
        """Watch the open file from now on."""
        path = f"/proc/self/fd/{fd}".encode()
        key = _LIBC.inotify_add_watch(self._fd, path, _MODIFIED | _ATTRIBUTES | _MOVED)
        if key < 0:
            raise errors.Unavailable(f"no inotify watch: {os.strerror(ctypes.get_errno())}")
        grown = asyncio.Event()
        self._waiting[key].add(grown)
        return Watch(self, key, grown)

    def wake_all(self) -> None:
        """Wake everybody, as at the end of the process."""
        for one in self._waiting.values():
            for grown in one:
                grown.set()

    def is_watched(self) -> bool:
        """Whether anybody waits for anything."""
        return bool(self._waiting)

    def forget(self, key: int, grown: asyncio.Event) -> None:
        """Wake this one no more; the last one takes the file's watch along."""
        self._waiting[key].discard(grown)
        if not self._waiting[key]:
            del self._waiting[key]
            _LIBC.inotify_rm_watch(self._fd, key)

    def _take(self) -> None:
        events = os.read(self._fd, _EVENTS_BYTES)
        at = 0
        while at < len(events):
            key, _, _, name_bytes = _HEAD.unpack_from(events, at)
            at += _HEAD.size + name_bytes
            for grown in self._waiting.get(key, ()):
                grown.set()


class Watch:
    """One who waits for one file."""

    def __init__(self, growth: Growth, key: int, grown: asyncio.Event) -> None:
        self._growth = growth
        self._key = key
        self._grown = grown

    def clear(self) -> None:
        """What happens from here on wakes; called before the file is looked at."""
        self._grown.clear()

    async def wait(self) -> None:
        """Return when something happened to the file since `clear`."""
        await self._grown.wait()

    def close(self) -> None:
        """Wait no more."""
        self._growth.forget(self._key, self._grown)
