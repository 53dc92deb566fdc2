"""Undo and redo: the inverse verb of a journal entry, done as its caller, by the verbs of any face.

The verb itself writes what became of the entry, in its own transaction (`appliance/db/journal.py`):
a crash leaves an act undone and noted so, or not undone.
"""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from appliance import context, errors, ids, operations, policy
from appliance.db import connection, instances, journal, volumes
from appliance.model.image import Image, Visibility
from appliance.model.image_member import ImageMember, MemberStatus
from appliance.model.journal import Entry, EntryState, Inverse
from appliance.model.key_pair import KeyPair
from appliance.model.network import Network, Subnet
from appliance.model.security_group import Rule, SecurityGroup
from services.api.verbs import Verbs

BUSY_S: Final = 25.0  # a guest that is told to shut down has 20 s; its volumes let go within that
_LOOK_S: Final = 0.1
_WAITING_MAX: Final = 8  # requests that wait at once: each holds a thread

Do = Callable[..., object]


class Objects(Protocol):
    """The object store, which undoes its own deletions."""

    def turn(self, ctx: context.RequestContext, entry: Entry, *, is_redo: bool) -> None:
        """Bring back what an entry deleted, or delete it again."""
        ...


class Inverses:
    """What takes acts back; may be used by many threads."""

    def __init__(
        self,
        db: connection.Database,
        verbs: Verbs,
        of_parts: operations.Operations,
        objects: Objects,
    ) -> None:
        self._db = db
        self._objects = objects
        self._table = table(verbs, of_parts)
        self._waiting = threading.BoundedSemaphore(_WAITING_MAX)

    def undo(self, ctx: context.RequestContext, entry_id: str) -> Entry:
        """Take an act back; the entry, as it is then.

        Raises NotFound, Conflict (undone already, or not as it was), Gone (its bytes are), and
        what the inverse verb raises.
        """
        return self._turn(ctx, entry_id, is_redo=False)

    def redo(self, ctx: context.RequestContext, entry_id: str) -> Entry:
        """Do again what was undone. Raises like `undo`."""
        return self._turn(ctx, entry_id, is_redo=True)

    def newest(self, ctx: context.RequestContext, *, is_redo: bool) -> str:
        """The id of the caller's last act that can be undone (done again). Raises NotFound."""
        look = journal.next_redo if is_redo else journal.next_undo
        found = look(self._db, ctx.user_id, ctx.project_id)
        if found is None:
            raise NothingToTurn("redo" if is_redo else "undo")
        return found.id

    def _turn(self, ctx: context.RequestContext, entry_id: str, *, is_redo: bool) -> Entry:
        policy.check(ctx, "novabox:undo")
        entry = journal.get_visible(self._db, entry_id, ctx)
        inverse = _checked(entry, is_redo=is_redo)
        if inverse.verb.startswith(("object.", "container.")):
            self._objects.turn(ctx, entry, is_redo=is_redo)
        else:
            with journal.turning(entry.id, is_redo=is_redo):
                self._when_free(entry, lambda: self._table[inverse.verb](ctx, **inverse.args))
        return journal.get(self._db, entry_id)

    def _when_free(self, entry: Entry, act: Callable[[], object]) -> None:
        """Do it; where its object is busy, when that is over: a stop is undone once it stopped."""
        deadline_s = time.monotonic() + BUSY_S
        with contextlib.ExitStack() as waiting:
            is_waiting = False
            while True:
                try:
                    act()
                except (errors.Conflict, errors.BadRequest) as error:
                    if not _is_busy(self._db, entry) or time.monotonic() > deadline_s:
                        raise
                    if not is_waiting:
                        waiting.enter_context(self._place(error))
                        is_waiting = True
                    time.sleep(_LOOK_S)
                else:
                    return

    @contextlib.contextmanager
    def _place(self, error: errors.NovaboxError) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise error
        try:
            yield
        finally:
            self._waiting.release()


class NothingToTurn(errors.NotFound):
    """The caller did nothing lately that can be undone, or undid nothing."""

    def __init__(self, word: str) -> None:
        super().__init__("journal entry", word)
        self.args = (f"There is nothing to {word}: `novabox journal` shows what was done.",)


def _checked(entry: Entry, *, is_redo: bool) -> Inverse:
    """The inverse, if the entry may be turned over now. Raises Conflict, Gone."""
    now, what = journal.state(entry), f"{entry.act.text} {entry.name or entry.object_id}"
    wanted = EntryState.UNDONE if is_redo else EntryState.DONE
    if now is EntryState.EXPIRED:
        raise errors.Gone(f"{what}: too late, it is not in the trash any more.")
    if now is EntryState.FINAL:
        raise errors.Conflict(f"{what}: this cannot be undone: {entry.reason}.")
    if now is not wanted:
        word = "has not been undone" if is_redo else "is undone already"
        raise errors.Conflict(f"{what}: this {word}.")
    if entry.inverse is None:
        raise errors.Conflict(f"{what}: this cannot be done again.")
    return entry.inverse


def _is_busy(db: connection.Reader, entry: Entry) -> bool:
    """Whether a worker is at the object just now: what is refused may be granted in a moment."""
    with contextlib.suppress(errors.NotFound):
        if entry.kind == "instance":
            return instances.get(db, entry.object_id).task_state is not None
        if entry.kind == "volume":
            volume = volumes.get(db, entry.object_id)
            return volume.status in ("reserved", "attaching", "detaching", "extending")
    return False


def table(verbs: Verbs, of_parts: operations.Operations) -> Mapping[str, Do]:
    """The verb of each inverse that is kept in rows, as a function of the caller and its args."""
    made: dict[str, Do] = {}
    for part in (_of_compute, _of_volumes, _of_images, _of_networks):
        made |= part(verbs)
    return made | _of_topics(of_parts)


def _of_compute(verbs: Verbs) -> dict[str, Do]:
    instance = verbs.instances
    return {
        "instance.start": lambda ctx, instance_id: instance.start(ctx, instance_id),
        "instance.stop": lambda ctx, instance_id: instance.stop(ctx, instance_id),
        "instance.rename": instance.rename,
        "instance.set_metadata": instance.set_metadata,
        "tags.replace": verbs.tags.replace,
        "volume.attach": verbs.attachments.attach,
        "volume.detach": verbs.attachments.detach,
        "key_pair.restore": lambda ctx, key_pair: verbs.key_pairs.restore(ctx, KeyPair(**key_pair)),
        "key_pair.delete": verbs.key_pairs.delete,
    }


def _of_volumes(verbs: Verbs) -> dict[str, Do]:
    volume, snapshot = verbs.volumes, verbs.snapshots
    return {
        "volume.restore": volume.restore,
        "volume.delete": volume.delete,
        "volume.update": volume.update,
        "volume.set_bootable": volume.set_bootable,
        "volume.set_metadata": volume.set_metadata,
        "snapshot.restore": snapshot.restore,
        "snapshot.delete": snapshot.delete,
        "snapshot.update": snapshot.update,
        "snapshot.set_metadata": snapshot.set_metadata,
    }


def _of_images(verbs: Verbs) -> dict[str, Do]:
    image = verbs.images

    def update(ctx: context.RequestContext, *, image_id: str, fields: dict[str, Any]) -> Image:
        values = fields | {
            "visibility": Visibility(fields["visibility"]),
            "project_id": ids.ProjectId(fields["project_id"]),
            "tags": tuple(fields["tags"]),
        }
        return image.update(ctx, image_id, lambda now: dataclasses.replace(now, **values))

    return {
        "image.restore": image.restore,
        "image.delete": image.delete,
        "image.update": update,
        "image.deactivate": image.deactivate,
        "image.reactivate": image.reactivate,
        "image.share_again": lambda ctx, member: image.members.restore(
            ctx, ImageMember(**member | {"status": MemberStatus(member["status"])})
        ),
        "image.unshare": image.members.delete,
    }


def _of_networks(verbs: Verbs) -> dict[str, Do]:
    group, network, subnet = verbs.security_groups, verbs.networks, verbs.subnets
    return {
        "security_group.update": group.update,
        "security_group.delete": group.delete,
        "security_group.restore": lambda ctx, group, others: verbs.security_groups.restore(
            ctx, _group(group), [Rule(**each) for each in others]
        ),
        "security_group.delete_rules": group.delete_rules,
        "security_group.restore_rules": lambda ctx, rules: group.restore_rules(
            ctx, [Rule(**each) for each in rules]
        ),
        "network.rename": network.rename,
        "network.delete": network.delete,
        "network.restore": lambda ctx, network, subnets: verbs.networks.restore(
            ctx, Network(**network), [_subnet(each) for each in subnets]
        ),
        "subnet.delete": subnet.delete,
        "subnet.restore": lambda ctx, subnet: verbs.subnets.restore(ctx, _subnet(subnet)),
        "port.update": verbs.ports.update,
    }


def _of_topics(of_parts: operations.Operations) -> dict[str, Do]:
    def resume(ctx: context.RequestContext, *, topic: str) -> None:
        policy.check(ctx, "novabox:control_topic")
        of_parts.resume(ctx, topic)

    def pause(ctx: context.RequestContext, *, topic: str, for_s: float) -> None:
        policy.check(ctx, "novabox:control_topic")
        of_parts.pause(ctx, topic, for_s=for_s)

    return {"topic.resume": resume, "topic.pause": pause}


def _group(said: dict[str, Any]) -> SecurityGroup:
    return SecurityGroup(**said | {"rules": tuple(Rule(**rule) for rule in said["rules"])})


def _subnet(said: dict[str, Any]) -> Subnet:
    return Subnet(**said | {"dns_servers": tuple(said["dns_servers"])})
