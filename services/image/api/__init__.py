"""What a request may ask of the image service; it imports no manager and does none of the work."""

from services.image.api.attributes import CONTAINER_FORMATS, DISK_FORMATS, NewImage
from services.image.api.images import Images, open_images
from services.image.stores import written as written_stores

__all__ = [
    "CONTAINER_FORMATS",
    "DISK_FORMATS",
    "Images",
    "NewImage",
    "open_images",
    "written_stores",
]
