"""One object as the event stream and the listings of /novabox/v1 tell of it, and who may see it."""

from dataclasses import dataclass
from typing import Any

from appliance import context

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One object. Its owner is a project, or a user; what has none is for administrators."""

    kind: str
    id: str
    view: Json
    project_id: str = ""
    user_id: str = ""
    is_public: bool = False

    def is_for(self, ctx: context.RequestContext) -> bool:
        """Whether `ctx` may see it."""
        if self.is_public or ctx.is_admin:
            return True
        if self.user_id:
            return self.user_id == ctx.user_id
        return self.project_id != "" and self.project_id == ctx.project_id
