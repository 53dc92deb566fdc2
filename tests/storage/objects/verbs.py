"""Short words for what tests do with a store."""

from storage.objects import listing
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

ACCOUNT = "AUTH_p"


def named(name: str, container: str = "c") -> ObjectName:
    return ObjectName(ACCOUNT, container, name)


def put(store: ObjectStore, name: str, data: bytes, **said: object) -> ObjectRecord:
    with store.put_object(named(name)) as upload:
        upload.write(data)
        return upload.commit(Attributes(**said))


def get(store: ObjectStore, name: str) -> bytes:
    with store.get_object(named(name)) as download:
        return download.read(0, download.record.size_bytes + 1)


def names(store: ObjectStore, **query: object) -> list[str]:
    page = store.list_container(ACCOUNT, "c", query=listing.Query(**query))
    return [row.name for row in page]


def data_files(store: ObjectStore) -> list[str]:
    return [path.name for path in store.files.walk()]


def copy(store: ObjectStore, source: ObjectName, target: ObjectName) -> None:
    """Make `target` of the bytes of `source`, as the face does."""
    with store.get_object(source) as download, store.put_object(target) as upload:
        upload.copy_from(download)
        upload.commit(Attributes())
