"""An upload as the store reads it: counted, summed, inspected, and kept alive, never held.

The end of the bytes is told to the store only when they are what they say: a store that has not
been told publishes nothing.
"""

import operator
from collections.abc import Callable
from typing import Final

from appliance import clock, errors
from services.image import inspection
from services.image.inspection import Inspecting, Reader
from storage.images.checksums import Summing

RENEW_EVERY_S: Final = 15.0  # a write to the database this often, whatever the bytes' speed


class Incoming:
    """A reader over an upload in `disk_format` (None: what it turns out to be) and
    `container_format`.

    Raises TooLarge past `size_bytes_max` or when it unfolds to more than
    `virtual_size_bytes_max`, UnsupportedMedia when the bytes are not in `disk_format`,
    and whatever `renew` raises when the upload is not wanted any more.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        disk_format: str | None,
        container_format: str,
        size_bytes_max: int,
        virtual_size_bytes_max: int,
        renew: Callable[[], None],
    ) -> None:
        self.sums = Summing(reader)
        self.disk_format = disk_format
        self.virtual_size_bytes: int | None = None
        self._inspecting = Inspecting(self.sums)
        self._is_inspected = inspection.is_the_disk(container_format)
        self._size_bytes_max = size_bytes_max
        self._virtual_size_bytes_max = virtual_size_bytes_max
        self._renew = renew
        self._renew_at = clock.now() + RENEW_EVERY_S

    def __length_hint__(self) -> int:
        return operator.length_hint(self.sums)

    @property
    def md5(self) -> str:
        """Of what was read so far: a store that sees it does not sum again."""
        return self.sums.md5

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end, which is where the verdict falls."""
        data = self._inspecting.read(size_bytes)
        if self.sums.size_bytes > self._size_bytes_max:
            raise errors.TooLarge(f"The image has more than {self._size_bytes_max} bytes.")
        if clock.now() > self._renew_at:
            self._renew()
            self._renew_at = clock.now() + RENEW_EVERY_S
        if not data:
            self._conclude()
        return data

    def _conclude(self) -> None:
        self._renew()
        if self._is_inspected:
            self.disk_format = self.disk_format or self._inspecting.disk_format()
            self.virtual_size_bytes = self._inspecting.virtual_size_bytes(self.disk_format)
            if self.disk_format == "raw":
                self.virtual_size_bytes = self.sums.size_bytes
        if (self.virtual_size_bytes or 0) > self._virtual_size_bytes_max:
            raise errors.TooLarge(
                f"The image unfolds to {self.virtual_size_bytes} bytes, more than the "
                f"{self._virtual_size_bytes_max} of image.virtual_size_bytes_max."
            )
