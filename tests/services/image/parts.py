"""What the image service's tests have in hand."""

from dataclasses import dataclass
from pathlib import Path

from appliance import context
from appliance.db import connection, images
from appliance.model.image import Image
from services.image.api import Images
from services.image.data import Data
from services.image.manager import Manager


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The service's parts, the folder of its file store, and a member of project p1."""

    db: connection.Database
    data: Data
    verbs: Images
    manager: Manager
    folder: Path
    ctx: context.RequestContext

    def image(self, image_id: str) -> Image:
        """The row as it is now."""
        return images.get(self.db, image_id)

    def files(self) -> list[str]:
        """What lies in the store."""
        return sorted(path.name for path in self.folder.iterdir())
