"""What users can do that changes something: each verb, how grave it is, whether it can be undone.

A level is the terminal UI's too: 0 needs no thought, 1 is taken back by its opposite, 2 is kept in
the trash or the journal, 3 ends something for good, 4 ends many things for good.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One verb. `why_final` says in a user's words why nothing takes it back; empty: it can be."""

    level: int
    text: str  # as after "undo": `delete volume`
    why_final: str = ""

    @property
    def is_undoable(self) -> bool:
        """Whether the journal keeps what takes it back."""
        return not self.why_final


_NEW: Final = "delete it instead"
_RAN: Final = "what the guest did meanwhile cannot be taken back"
_ONCE: Final = "passwords are not kept, and its tokens have ended"
_IDENTITY: Final = "its roles and tokens have ended"
_GROWN: Final = "a volume only grows"


def _act(level: int, text: str, why_final: str = "") -> Act:
    return Act(level=level, text=text, why_final=why_final)


# `kind.verb`, the kind as in the event stream
ACTS: Final[dict[str, Act]] = {
    "instance.create": _act(0, "run instance", _NEW),
    "instance.start": _act(1, "start instance"),
    "instance.stop": _act(1, "stop instance"),
    "instance.reboot": _act(1, "reboot instance", _RAN),
    "instance.rename": _act(1, "rename instance"),
    "instance.set_metadata": _act(1, "change metadata of instance"),
    "instance.delete": _act(3, "terminate instance", "its disk is gone; its volumes are kept"),
    "volume.create": _act(0, "create volume", _NEW),
    "volume.attach": _act(1, "attach volume"),
    "volume.detach": _act(2, "detach volume"),
    "volume.update": _act(1, "change volume"),
    "volume.set_metadata": _act(1, "change metadata of volume"),
    "volume.extend": _act(1, "extend volume", _GROWN),
    "volume.delete": _act(2, "delete volume"),
    "volume.restore": _act(1, "have volume back"),
    "snapshot.create": _act(0, "create snapshot", _NEW),
    "snapshot.update": _act(1, "change snapshot"),
    "snapshot.set_metadata": _act(1, "change metadata of snapshot"),
    "snapshot.delete": _act(2, "delete snapshot"),
    "snapshot.restore": _act(1, "have snapshot back"),
    "image.create": _act(0, "create image", _NEW),
    "image.update": _act(1, "change image"),
    "image.deactivate": _act(1, "deactivate image"),
    "image.reactivate": _act(1, "reactivate image"),
    "image.share": _act(1, "share image"),
    "image.unshare": _act(2, "share image no more"),
    "image.delete": _act(2, "delete image"),
    "image.delete_copy": _act(3, "delete copy of image", "its bytes in that store are gone"),
    "image.restore": _act(1, "have image back"),
    "key_pair.create": _act(0, "create key pair", _NEW),
    "key_pair.delete": _act(2, "delete key pair"),
    "key_pair.restore": _act(1, "have key pair back"),
    "security_group.create": _act(0, "create security group", _NEW),
    "security_group.update": _act(1, "change security group"),
    "security_group.delete": _act(2, "delete security group"),
    "security_group.add_rules": _act(1, "add rule to security group"),
    "security_group.delete_rules": _act(2, "delete rule of security group"),
    "security_group.restore": _act(1, "have security group back"),
    "network.create": _act(0, "create network", _NEW),
    "network.update": _act(1, "change network"),
    "network.delete": _act(2, "delete network"),
    "network.restore": _act(1, "have network back"),
    "subnet.create": _act(0, "create subnet", _NEW),
    "subnet.delete": _act(2, "delete subnet"),
    "subnet.restore": _act(1, "have subnet back"),
    "port.create": _act(0, "create port", _NEW),
    "port.update": _act(1, "change port"),
    "port.delete": _act(2, "delete port", "its address may be another's already"),
    "container.delete": _act(2, "delete container"),
    "object.delete": _act(2, "delete object"),
    "object.delete_version": _act(2, "delete version of object"),
    "object.restore": _act(1, "have objects back"),
    "tags.put": _act(1, "tag"),
    "tags.delete": _act(1, "take tags from"),
    "user.create": _act(0, "create user", _NEW),
    "user.update": _act(1, "change user", _ONCE),
    "user.delete": _act(3, "delete user", _IDENTITY),
    "project.create": _act(0, "create project", _NEW),
    "project.update": _act(1, "change project", "change it again"),
    "project.delete": _act(4, "delete project", _IDENTITY),
    "grant.create": _act(1, "grant role", "revoke it instead"),
    "grant.revoke": _act(1, "revoke role", "grant it again"),
    "topic.pause": _act(1, "pause queue"),
    "topic.resume": _act(1, "resume queue"),
    "topic.step": _act(1, "let one message through", "its worker has it"),
    "message.release": _act(1, "let message through", "its worker has it"),
    "message.raise": _act(1, "move message to the front", "the next one may have gone already"),
    "message.retry": _act(1, "try message again", "its worker has it"),
    "message.dead": _act(1, "put message aside", "retry it instead"),
    "message.drop": _act(2, "drop message", "the row it is about may be rung again by a sweep"),
    "service.start": _act(0, "start service", "stop it instead"),
    "service.stop": _act(1, "stop service", "start it instead"),
    "service.restart": _act(1, "restart service", _RAN),
    "service.kill": _act(2, "kill service", "the supervisor starts it again"),
    "journal.undo": _act(0, "undo", "redo it instead"),
    "journal.redo": _act(0, "redo", "undo it instead"),
}


def kind(action: str) -> str:
    """What kind of thing an action is about: `volume` of `volume.delete`."""
    return action.partition(".")[0]
