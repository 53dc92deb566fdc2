"""Who reads whose images, after any sequence of calls by three projects and an admin.

A model of a page, which knows nothing of the service, says who may do and see what.
"""

import dataclasses
import io
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings, strategies
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from appliance import config, context, errors, ids, queue
from appliance.db import connection, migrations
from appliance.db.images import Condition, Query
from appliance.model.image import Image, Visibility
from appliance.model.image_member import MemberStatus
from services.image import stores
from services.image.api import Images, NewImage
from services.image.data import Data
from services.image.sources import Sources
from storage.images import swift

PROJECTS = ("red", "green", "blue")
BOSS = "boss"
IMAGES_MAX = 2  # more calls to each
CTX = {
    name: context.RequestContext(
        project_id=ids.ProjectId(name), roles=frozenset({"admin" if name == BOSS else "member"})
    )
    for name in (*PROJECTS, BOSS)
}
ANY = Query(conditions=(Condition(column="visibility", operator="=", values=tuple(Visibility)),),
            member_status="all", limit=1000)  # fmt: skip
REFUSED = (errors.Forbidden, errors.NotFound)


@dataclass
class Model:
    """What is true of one image."""

    owner: str
    visibility: str
    is_hidden: bool = False
    is_protected: bool = False
    is_deleted: bool = False
    members: dict[str, str] = field(default_factory=dict)

    def is_read_by(self, who: str) -> bool:
        """Whether that project may see it and have its bytes."""
        if self.is_deleted:
            return False
        is_shared = self.visibility == "shared" and who in self.members
        return who in (self.owner, BOSS) or self.visibility in ("public", "community") or is_shared

    def is_listed_for(self, who: str) -> bool:
        """Whether it is in that project's own list, as nothing else is asked for."""
        if self.is_deleted or self.is_hidden:
            return False
        if who == BOSS:
            return self.visibility != "community" or who == self.owner
        accepted = self.visibility == "shared" and self.members.get(who) == "accepted"
        return who == self.owner or self.visibility == "public" or accepted

    def is_changed_by(self, who: str) -> bool:
        """Whether that project may change it."""
        return not self.is_deleted and who in (self.owner, BOSS)


class Sharing(RuleBasedStateMachine):
    """The verbs against the model."""

    made = Bundle("made")
    # most calls are by the owner: others' are refused, and change nothing
    anybody = strategies.sampled_from((*["owner"] * 4, *PROJECTS, BOSS))
    project = strategies.sampled_from(PROJECTS)
    visibilities = strategies.sampled_from(
        ("shared", "shared", "private", "private", "community", "public")
    )

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="nbx-test-"))
        migrations.migrate(self.home)
        self.db = connection.open_db(self.home)
        own = config.parse({"host": "box1"}, home=self.home)
        own = dataclasses.replace(own, image=dataclasses.replace(own.image, store="file"))
        data = Data(own, self.db, stores.open_stores(own, _nowhere))
        objects = Sources(_nowhere)
        self.verbs = Images(own, self.db, queue.Queue(own), data=data, objects=objects)
        self.model: dict[str, Model] = {}

    @initialize(target=made, status=strategies.sampled_from(tuple(MemberStatus)))
    def begin(self, status: MemberStatus):
        """Red's image, which both others are members of: chance alone seldom gets so far."""
        image = self.create("red", "shared")
        for member in ("green", "blue"):
            self.share(image, "red", member)
        self.answer(image, "green", "green", status)
        return image

    @precondition(lambda self: len(self.model) < IMAGES_MAX)
    @rule(target=made, who=project, visibility=visibilities)
    def create(self, who: str, visibility: str):
        new = NewImage(
            visibility=Visibility(visibility), disk_format="raw", container_format="bare"
        )
        if not self._agree(visibility != "public", lambda: self.verbs.create(CTX[who], new)):
            return multiple()
        image = self.verbs.index(CTX[who], Query(limit=1))[0]
        self.verbs.upload(CTX[who], image.id, io.BytesIO(who.encode()))
        self.model[image.id] = Model(owner=who, visibility=visibility)
        return image.id

    @rule(image=made, who=anybody, visibility=visibilities)
    def show_to(self, image: str, who: str, visibility: str) -> None:
        model, who = self._called(image, who)
        is_allowed = model.is_changed_by(who) and (
            visibility != "public" or model.visibility == "public" or who == BOSS
        )
        if self._change(is_allowed, who, image, visibility=Visibility(visibility)):
            model.visibility = visibility

    @rule(image=made, who=anybody, owner=project)
    def give(self, image: str, who: str, owner: str) -> None:
        model, who = self._called(image, who)
        is_allowed = model.is_changed_by(who) and (who == BOSS or owner == model.owner)
        if self._change(is_allowed, who, image, project_id=ids.ProjectId(owner)):
            model.owner = owner

    @rule(image=made, who=anybody, is_hidden=strategies.booleans())
    def hide(self, image: str, who: str, is_hidden: bool) -> None:
        model, who = self._called(image, who)
        if self._change(model.is_changed_by(who), who, image, is_hidden=int(is_hidden)):
            model.is_hidden = is_hidden

    @rule(image=made, who=anybody, is_protected=strategies.booleans())
    def protect(self, image: str, who: str, is_protected: bool) -> None:
        model, who = self._called(image, who)
        if self._change(model.is_changed_by(who), who, image, is_protected=int(is_protected)):
            model.is_protected = is_protected

    @rule(image=made, who=anybody)
    def delete(self, image: str, who: str) -> None:
        model, who = self._called(image, who)
        is_allowed = model.is_changed_by(who) and not model.is_protected
        if self._agree(is_allowed, lambda: self.verbs.delete(CTX[who], image)):
            model.is_deleted = True

    @rule(image=made, who=anybody, member=project)
    def share(self, image: str, who: str, member: str) -> None:
        model, who = self._called(image, who)
        is_allowed = model.is_changed_by(who) and model.visibility == "shared"
        if is_allowed and member in model.members:
            return
        if self._agree(is_allowed, lambda: self.verbs.members.create(CTX[who], image, member)):
            model.members[member] = "pending"

    @rule(image=made, who=anybody, member=project)
    def share_no_more(self, image: str, who: str, member: str) -> None:
        model, who = self._called(image, who)
        is_allowed = (
            model.is_changed_by(who) and model.visibility == "shared" and member in model.members
        )
        if self._agree(is_allowed, lambda: self.verbs.members.delete(CTX[who], image, member)):
            del model.members[member]

    @rule(
        image=made, member=project, status=strategies.sampled_from(tuple(MemberStatus)),
        who=strategies.sampled_from(("member", "member", *PROJECTS, BOSS)),
    )  # fmt: skip
    def answer(self, image: str, who: str, member: str, status: MemberStatus) -> None:
        model, who = self.model[image], member if who == "member" else who
        is_allowed = (
            model.is_read_by(who) and model.visibility == "shared" and member in model.members
            and who in (member, BOSS)
        )  # fmt: skip
        verbs = self.verbs.members
        if self._agree(is_allowed, lambda: verbs.update(CTX[who], image, member, status)):
            model.members[member] = status

    def _called(self, image: str, who: str) -> tuple[Model, str]:
        """The image's model, and the name of who calls."""
        model = self.model[image]
        return model, model.owner if who == "owner" else who

    @invariant()
    def nobody_reads_what_is_not_for_them(self) -> None:
        for who in (*PROJECTS, BOSS):
            readable = {key for key, model in self.model.items() if model.is_read_by(who)}
            listed = {key for key, model in self.model.items() if model.is_listed_for(who)}
            assert {one.id for one in self.verbs.index(CTX[who], ANY)} == readable
            own = Query(conditions=(Condition(column="is_hidden", operator="=", values=(0,)),))
            assert {one.id for one in self.verbs.index(CTX[who], own)} == listed
            for image in self.model:
                assert self._is_had(who, image) == (image in readable)
                assert self._members_seen(who, image) == self._members_told(who, image)

    def _is_had(self, who: str, image: str) -> bool:
        """Whether both the image and its bytes are given out; never one without the other."""
        try:
            shown = self.verbs.show(CTX[who], image)
        except errors.NotFound:
            return False
        return bool(b"".join(self.verbs.download(CTX[who], shown)))

    def _members_seen(self, who: str, image: str) -> dict[str, str] | None:
        try:
            found = self.verbs.members.index(CTX[who], image)
        except REFUSED:
            return None
        return {one.member_id: str(one.status) for one in found}

    def _members_told(self, who: str, image: str) -> dict[str, str] | None:
        """All of them for who may change the image, oneself for a member, nothing for others."""
        model = self.model[image]
        if not model.is_read_by(who) or model.visibility != "shared":
            return None
        if model.is_changed_by(who):
            return model.members
        return {who: model.members[who]}

    def _change(self, is_allowed: bool, who: str, image: str, **columns: object) -> bool:
        def changed(now: Image) -> Image:
            return dataclasses.replace(now, **columns)  # type: ignore[arg-type]  # the test's own

        return self._agree(is_allowed, lambda: self.verbs.update(CTX[who], image, changed))

    def _agree(self, is_allowed: bool, call) -> bool:
        """Call it; it is refused when the model says so, and only then."""
        try:
            call()
        except REFUSED:
            assert not is_allowed
            return False
        assert is_allowed
        return True

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.home)


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)


def _nowhere() -> swift.Access:
    return swift.Access(url="http://127.0.0.1:1", headers={})
