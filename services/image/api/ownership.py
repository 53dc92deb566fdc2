"""Whose an image is: who may change it, and not only see it."""

from appliance import context, errors
from appliance.db import connection, images
from appliance.model.image import Image


def owned(db: connection.Reader, ctx: context.RequestContext, image_id: str) -> Image:
    """The image, to be changed by its project or an admin. Raises NotFound, Forbidden."""
    image = images.get_visible(db, image_id, ctx)
    if not is_owner(ctx, image):
        raise errors.Forbidden(f"You are not permitted to modify image {image_id}.")
    return image


def is_owner(ctx: context.RequestContext, image: Image) -> bool:
    """Whether the image is the caller's project's, or the caller an admin."""
    return ctx.is_admin or image.project_id == ctx.project_id
