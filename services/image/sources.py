"""Objects that users have put into the object store to become images.

They are read with the service's role, which may read every account: so each read names the project
whose account it is, and no name in it can lead out of that account. Knows no image.
"""

import contextlib
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Final

from appliance import errors, trace
from services.image import stores
from storage.images import store, swift

PROPERTY: Final = "image_location"  # of an image: where its bytes come from (Nova's name)
_FORM: Final = re.compile(r"(?:s3://|/)?([^/]{1,256})/(.{1,1024})", re.DOTALL)
_LEADING_OUT: Final = frozenset({"", ".", ".."})
_MANIFEST: Final = ".manifest.xml"  # what every bundler's manifest ends with
_ACCOUNT: Final = "/AUTH_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """An object of somebody's account."""

    container: str
    name: str

    def __str__(self) -> str:
        return f"{self.container}/{self.name}"

    @property
    def is_manifest(self) -> bool:
        """Whether it says of itself that it is a bundle's manifest."""
        return self.name.endswith(_MANIFEST)

    def beside(self, filename: str) -> "Location":
        """The object of that name in the same folder. Raises BadRequest when it is a path."""
        if "/" in filename or filename in _LEADING_OUT:
            raise errors.BadRequest(f"{self} names a part {filename!r}, which is no file's name.")
        folder, slash, _ = self.name.rpartition("/")
        return Location(container=self.container, name=f"{folder}{slash}{filename}")


def parse(text: str) -> Location:
    """The object in `container/name`, `/container/name` or `s3://container/name`.

    Raises BadRequest (Nova, image/s3.py, and the EC2 API's own clients write these forms).
    """
    match = _FORM.fullmatch(text)
    if match is None or _LEADING_OUT & {match[1], *match[2].split("/")}:
        raise errors.BadRequest(
            f"Invalid image location {text[:300]!r}: it is <container>/<object>, as in "
            "images/disk.qcow2 or images/disk.manifest.xml."
        )
    return Location(container=match[1], name=match[2])


class Sources:
    """The objects of every project, one project's at a time."""

    def __init__(self, account: stores.Account) -> None:
        self._account = account

    def size_bytes(self, project_id: str, location: Location) -> int:
        """How large an object is. Raises NotFound, Unavailable, StoreError."""
        with _translated(location):
            return self._container(project_id, location).head(location.name).size_bytes

    def chunks(self, project_id: str, location: Location) -> Generator[bytes]:
        """An object's bytes. Raises NotFound and others, Unavailable when they break off."""
        with _translated(location):
            yield from self._container(project_id, location).get(location.name)

    def read(self, project_id: str, location: Location, *, size_bytes_max: int) -> bytes:
        """A small object. Raises TooLarge, NotFound, Unavailable, StoreError."""
        data = bytearray()
        with contextlib.closing(self.chunks(project_id, location)) as chunks:
            for chunk in chunks:
                data += chunk
                if len(data) > size_bytes_max:
                    raise errors.TooLarge(f"{location} has more than {size_bytes_max} bytes.")
        return bytes(data)

    def _container(self, project_id: str, location: Location) -> swift.SwiftStore:
        def access() -> swift.Access:
            own = self._account()
            base, _, _ = own.url.rpartition(_ACCOUNT)
            headers = {**own.headers, **trace.header()}
            return replace(own, url=f"{base}{_ACCOUNT}{project_id}", headers=headers)

        return swift.SwiftStore(access, container=location.container)


@contextlib.contextmanager
def _translated(location: Location) -> Iterator[None]:
    try:
        yield
    except store.DataNotFound as error:
        raise errors.NotFound("object", str(location)) from error
    except store.StoreUnreachable as error:
        raise errors.Unavailable(f"object {location}: the object store is away: {error}") from error
    except store.ImageStoreError as error:
        raise errors.StoreError(f"object {location}: {error}") from error
