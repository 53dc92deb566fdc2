"""Which image a request names: by an id, or by a name that stands for one (`ami-tiny`)."""

import re
from dataclasses import dataclass
from typing import Final

from appliance import context
from appliance.db import connection
from appliance.db.images import Condition, Query
from appliance.model.image import Image, ImageStatus
from services.api.ec2 import names
from services.image.api import Images

_ID: Final = re.compile(r"a[mkr]i-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNames:
    """Finds images for the actions that take one."""

    db: connection.Database
    verbs: Images

    def image(self, ctx: context.RequestContext, text: str) -> Image:
        """The image with that id; or active with that name, the caller's own first, then the
        newest. Raises Refused for what is neither, NotFound for one that the caller may not see.
        """
        named = [] if _ID.fullmatch(text) else self._named(ctx, text)
        if named:
            return min(named, key=lambda image: image.project_id != ctx.project_id)
        return self.verbs.show(ctx, names.inside(self.db, text, "image"))

    def _named(self, ctx: context.RequestContext, text: str) -> list[Image]:
        conditions = (
            Condition(column="name", operator="=", values=(text,)),
            Condition(column="status", operator="=", values=(ImageStatus.ACTIVE,)),
        )
        return self.verbs.index(ctx, Query(conditions=conditions))
