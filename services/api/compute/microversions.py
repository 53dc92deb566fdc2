"""The microversions of the Compute API that are answered (Nova, api_version_request.py).

2.1   the first
2.2   key pairs have a type; 201 for a new one, 204 for a deleted one
2.3   more OS-EXT-SRV-ATTR fields for administrators: reservation, kernel, ramdisk, user data;
      whether an attached volume is deleted with its server
"""

from typing import Final

from services.http.microversions import Range, Version

MIN: Final = Version(2, 1)
MAX: Final = Version(2, 3)
RANGE: Final = Range(
    service="compute", least=MIN, most=MAX, old_header="X-OpenStack-Nova-API-Version"
)
wanted = RANGE.wanted
answering = RANGE.answering

__all__ = ["MAX", "MIN", "RANGE", "Version", "answering", "wanted"]
