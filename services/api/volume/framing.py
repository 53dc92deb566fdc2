"""What every path of the Block Storage API shares: a project in it or not, and Cinder's statuses.

Cinder answers 400 where a thing's state forbids what is asked, and 413 over quota.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from appliance import errors
from services.api.volume import microversions
from services.http import endpoint
from services.http.endpoint import Path, Request


class OverLimit(errors.NovaboxError):
    """The project would own more than its quota, with Cinder's status for it."""

    status = 413


def framed(lines: Iterable[Path]) -> Iterator[Path]:
    """Each line under `/v3` and under `/v3/{project_id}`."""
    for line in lines:
        targets = {method: _framed(target) for method, target in line.endpoints.items()}
        for prefix in ("/v3", "/v3/{project_id}"):
            yield Path(path=f"{prefix}{line.path}", endpoints=targets)


def _framed(target: endpoint.Endpoint) -> endpoint.Endpoint:
    refusing = dataclasses.replace(target, handler=_refusing(target.handler))
    return microversions.RANGE.answering(refusing)


def _refusing(handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def answer(request: Request, *body: Any) -> Any:
        if request.path.get("project_id", request.ctx.project_id) != request.ctx.project_id:
            raise errors.BadRequest("Malformed request url")
        try:
            return handler(request, *body)
        except errors.OverQuota as error:
            raise OverLimit(str(error)) from error
        except errors.Conflict as error:
            raise errors.BadRequest(str(error)) from error

    return answer
