"""The microversions of the Block Storage API that are answered (Cinder, rest_api_version_history).

3.0   the first
3.1   nothing here: volumes are not uploaded as images
3.2   `bootable` filters a list of volumes by a boolean, and refuses what is none
3.3   messages: why something failed
"""

from typing import Final

from services.http.microversions import Range, Version

RANGE: Final = Range(service="volume", least=Version(3, 0), most=Version(3, 3))
