"""Any sequence of verbs does to a store what it does to a dictionary, restarts included."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storage.objects import auditor, listing
from storage.objects.errors import ContainerNotEmpty, ContainerNotFound, ObjectNotFound
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from tests.storage.objects.verbs import copy

ACCOUNT = "AUTH_p"
INLINE_BYTES_MAX = 10  # about half of the objects are data files
containers = st.sampled_from(["c", "d"])
names = st.sampled_from(["a", "a/b", "a/c", "ä", "\U0010ffff", "z"])
bodies = st.binary(max_size=20)
metadata = st.dictionaries(st.sampled_from(["k", "ü"]), st.text(max_size=3))


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.store = ObjectStore(self.root, part_power=2, inline_bytes_max=INLINE_BYTES_MAX)
        self.model: dict[str, dict[str, tuple[bytes, dict[str, str]]]] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.root)

    @rule(container=containers)
    def put_container(self, container: str) -> None:
        is_new = self.store.put_container(ACCOUNT, container)

        assert is_new == (container not in self.model)
        self.model.setdefault(container, {})

    @rule(container=containers)
    def delete_container(self, container: str) -> None:
        if container not in self.model:
            with pytest.raises(ContainerNotFound):
                self.store.delete_container(ACCOUNT, container)
        elif self.model[container]:
            with pytest.raises(ContainerNotEmpty):
                self.store.delete_container(ACCOUNT, container)
        else:
            self.store.delete_container(ACCOUNT, container)
            del self.model[container]

    @rule(container=containers, name=names, body=bodies, said=metadata)
    def put(self, container: str, name: str, body: bytes, said: dict[str, str]) -> None:
        if container not in self.model:
            with pytest.raises(ContainerNotFound):
                self.store.put_object(ObjectName(ACCOUNT, container, name))
            return
        with self.store.put_object(ObjectName(ACCOUNT, container, name)) as upload:
            upload.write(body)
            record = upload.commit(Attributes(metadata=said))
        assert record.etag == hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.model[container][name] = (body, said)

    @rule(container=containers, name=names, body=bodies)
    def abandon(self, container: str, name: str, body: bytes) -> None:
        if container in self.model:
            with self.store.put_object(ObjectName(ACCOUNT, container, name)) as upload:
                upload.write(body)

    @rule(container=containers, name=names, said=metadata)
    def post(self, container: str, name: str, said: dict[str, str]) -> None:
        if name not in self.model.get(container, {}):
            with pytest.raises((ContainerNotFound, ObjectNotFound)):
                self.store.post_object(ObjectName(ACCOUNT, container, name), metadata=said)
            return
        self.store.post_object(ObjectName(ACCOUNT, container, name), metadata=said)
        self.model[container][name] = (self.model[container][name][0], said)

    @rule(container=containers, name=names)
    def delete(self, container: str, name: str) -> None:
        if name not in self.model.get(container, {}):
            with pytest.raises((ContainerNotFound, ObjectNotFound)):
                self.store.delete_object(ObjectName(ACCOUNT, container, name))
            return
        self.store.delete_object(ObjectName(ACCOUNT, container, name))
        del self.model[container][name]

    @rule(source=containers, name=names, new_container=containers, new_name=names)
    def copy(self, source: str, name: str, new_container: str, new_name: str) -> None:
        if name in self.model.get(source, {}) and new_container in self.model:
            target = ObjectName(ACCOUNT, new_container, new_name)
            copy(self.store, ObjectName(ACCOUNT, source, name), target)
            self.model[new_container][new_name] = (self.model[source][name][0], {})

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = ObjectStore(self.root, inline_bytes_max=INLINE_BYTES_MAX)

    @rule()
    def audit(self) -> None:
        audit = auditor.once(self.store)

        bodies = [body for objects in self.model.values() for body, _ in objects.values()]
        assert audit == auditor.Audit(objects=len(bodies), size_bytes=sum(map(len, bodies)))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def rebuild(self, data: st.DataObject) -> None:
        """A lost database is built again from the objects, with the metadata of their upload.

        The small ones are lost with it.
        """
        container = data.draw(st.sampled_from(sorted(self.model)))
        file = self.store.catalog.accounts.find_file(ACCOUNT, container)
        assert file
        self.store.close()
        (self.root / "containers" / file).unlink()
        self.store = ObjectStore(self.root, inline_bytes_max=INLINE_BYTES_MAX)
        assert auditor.once(self.store).rebuilt == [f"{ACCOUNT}/{container}"]
        for name, (body, _) in list(self.model[container].items()):
            if len(body) <= INLINE_BYTES_MAX:
                del self.model[container][name]
                continue
            said = dict(self.store.head_object(ObjectName(ACCOUNT, container, name)).metadata)
            self.model[container][name] = (body, said)

    @invariant()
    def what_is_seen_is_the_model(self) -> None:
        assert self.seen() == self.model
        info = self.store.head_account(ACCOUNT)
        objects = [body for objects in self.model.values() for body, _ in objects.values()]
        assert info.container_count == len(self.model)
        assert (info.object_count, info.bytes_used) == (len(objects), sum(map(len, objects)))

    def seen(self) -> dict[str, dict[str, tuple[bytes, dict[str, str]]]]:
        seen = {}
        for listed in self.store.list_account(ACCOUNT, listing.Query()):
            page = self.store.list_container(ACCOUNT, listed.name, query=listing.Query())
            assert [row.name for row in page] == sorted(row.name for row in page)
            seen[listed.name] = {row.name: self.read(listed.name, row.name) for row in page}
        return seen

    def read(self, container: str, name: str) -> tuple[bytes, dict[str, str]]:
        with self.store.get_object(ObjectName(ACCOUNT, container, name)) as download:
            return download.read(0, 100), dict(download.record.metadata)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
