"""What a request may ask about the members of an image: the projects with which it is shared."""

from dataclasses import asdict
from typing import Final

from appliance import clock, context, errors, policy
from appliance.db import connection, image_members, images, journal
from appliance.model.image import Image, Visibility
from appliance.model.image_member import ImageMember, MemberStatus
from appliance.model.journal import Inverse
from services.image.api.ownership import is_owner

MEMBERS_MAX: Final = 128  # Glance's image_member_quota
ID_CHARS_MAX: Final = 255


class Members:
    """The verbs; may be used by many threads."""

    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, ctx: context.RequestContext, image_id: str) -> list[ImageMember]:
        """All members for the image's owner, oneself for a member. Raises NotFound, Forbidden."""
        policy.check(ctx, "get_members")
        image = self._shared(self._db, ctx, image_id)
        members = image_members.of_image(self._db, image_id)
        if is_owner(ctx, image):
            return members
        return [member for member in members if member.member_id == ctx.project_id]

    def show(self, ctx: context.RequestContext, image_id: str, member_id: str) -> ImageMember:
        """One member, for the image's owner and itself. Raises NotFound, Forbidden."""
        policy.check(ctx, "get_member")
        image = self._shared(self._db, ctx, image_id)
        found = image_members.find(self._db, image_id, member_id)
        if found is None or not (is_owner(ctx, image) or member_id == ctx.project_id):
            raise errors.NotFound("image member", member_id)
        return found

    def create(self, ctx: context.RequestContext, image_id: str, member_id: str) -> ImageMember:
        """Share an image with a project, which is pending. Raises Forbidden (not the owner, or not
        shared), NotFound, Conflict, TooLarge, BadRequest.
        """
        policy.check(ctx, "add_member")
        if not 0 < len(member_id) <= ID_CHARS_MAX:
            raise errors.BadRequest(f"A member is a project's id: 1 to {ID_CHARS_MAX} characters.")
        now = clock.stamp()
        member = ImageMember(image_id=image_id, member_id=member_id, created_at=now, updated_at=now)
        with self._db.transaction() as tx:
            image = self._owned(tx, ctx, image_id)
            if len(image_members.of_image(tx, image_id)) >= MEMBERS_MAX:
                raise errors.TooLarge(f"An image has at most {MEMBERS_MAX} members.")
            image_members.create(tx, member)
            journal.note_of(tx, ctx, "image.share", image, _unsharing(image_id, member_id))
        return member

    def update(
        self, ctx: context.RequestContext, image_id: str, member_id: str, status: MemberStatus
    ) -> ImageMember:
        """Say what the caller's project thinks of the image. Raises Forbidden for any other's."""
        policy.check(ctx, "modify_member")
        with self._db.transaction() as tx:
            self._shared(tx, ctx, image_id)
            if member_id != ctx.project_id and not ctx.is_admin:
                raise errors.Forbidden("Only the member itself accepts or rejects an image.")
            image_members.put_status(tx, image_id, member_id, status)
        return self.show(ctx, image_id, member_id)

    def delete(self, ctx: context.RequestContext, image_id: str, member_id: str) -> None:
        """Share an image with a project no more. Raises Forbidden, NotFound."""
        policy.check(ctx, "delete_member")
        with self._db.transaction() as tx:
            image = self._owned(tx, ctx, image_id)
            gone = image_members.find(tx, image_id, member_id)
            image_members.delete(tx, image_id, member_id)
            if gone is not None:
                inverse = Inverse(verb="image.share_again", args={"member": asdict(gone)})
                journal.note_of(tx, ctx, "image.unshare", image, inverse)

    def restore(self, ctx: context.RequestContext, member: ImageMember) -> None:
        """Share an image again as it was shared, with what the member thought of it.

        Raises Forbidden, NotFound, Conflict.
        """
        policy.check(ctx, "add_member")
        with self._db.transaction() as tx:
            image = self._owned(tx, ctx, member.image_id)
            image_members.create(tx, member)
            journal.note_of(
                tx, ctx, "image.share", image, _unsharing(member.image_id, member.member_id)
            )

    def _shared(self, db: connection.Reader, ctx: context.RequestContext, image_id: str) -> Image:
        image = images.get_visible(db, image_id, ctx)
        if image.visibility is not Visibility.SHARED:
            raise errors.Forbidden("Only shared images have members.")
        return image

    def _owned(self, db: connection.Reader, ctx: context.RequestContext, image_id: str) -> Image:
        image = self._shared(db, ctx, image_id)
        if not is_owner(ctx, image):
            raise errors.Forbidden(f"You are not permitted to share image {image_id}.")
        return image


def _unsharing(image_id: str, member_id: str) -> Inverse:
    return Inverse(verb="image.unshare", args={"image_id": image_id, "member_id": member_id})
