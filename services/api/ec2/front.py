"""The way of every request: signature → action → values → the action → its document.

`DryRun` is answered here: the action runs as if for real, and what it would commit is taken back.
"""

import hashlib
import re
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from appliance import clock, context, errors
from appliance.db import connection
from services.api.ec2 import document, names, query, refusals, spellings
from services.api.ec2.actions import Action, Call
from services.http import aws_signature, endpoint
from services.identity.api.ec2_credentials import Ec2Credentials

FORM: Final = ("application/x-www-form-urlencoded",)
PARAMETERS_MAX: Final = 10_000  # a thousand ids, a thousand filters: no client comes near
VERSION_MIN: Final = "2008-12-01"  # the oldest one that clients were seen to ask for

_VERSION: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOBODY: Final = "AWS was not able to validate the provided access credentials"


class Front:
    """All actions behind one path; may be used by many threads."""

    def __init__(
        self,
        db: connection.Database,
        credentials: Ec2Credentials,
        actions: Mapping[str, Action],
    ) -> None:
        self._db = db
        self._credentials = credentials
        self._actions = actions

    def paths(self) -> tuple[endpoint.Path, ...]:
        """Under `/services/Cloud`; the trailing slash that boto 2 sends is no other path."""
        either = endpoint.signed(self._answer, self._identify, media_types=FORM)
        return (endpoint.path("", GET=either, POST=either),)

    def _identify(self, request: endpoint.Request, body: bytes) -> context.RequestContext:
        """Who signed the request. Raises Refused: AuthFailure, MissingParameter, RequestExpired."""
        form = _form(body)
        self._name_hop(request, dict((*request.pairs, *form)))
        try:
            claim = aws_signature.find(
                aws_signature.Signed(
                    method=request.method, path=request.url_path, query=request.pairs,
                    headers=request.headers, form=form,
                    body_sha256=hashlib.sha256(body).hexdigest(),
                )
            )  # fmt: skip
        except aws_signature.Incomplete as error:
            raise refusals.missing(error.parameter) from error
        signer = self._credentials.find_signer(claim.access) if claim else None
        if claim is None or signer is None or not claim.is_by(signer.secret.reveal()):
            raise refusals.Refused("AuthFailure", _NOBODY, status=401)
        try:
            claim.check_time(datetime.fromtimestamp(clock.now(), UTC))
        except aws_signature.Expired as error:
            raise refusals.Refused("RequestExpired", str(error)) from error
        return signer.ctx

    def _name_hop(self, request: endpoint.Request, parameters: Mapping[str, str]) -> None:
        action = parameters.get("Action")
        if action in self._actions:
            request.rename(f"{request.method} {request.url_path} {action}")

    def _answer(self, request: endpoint.Request, body: bytes) -> endpoint.Reply:
        parameters = dict((*request.pairs, *_form(body)))
        name = _required(parameters, "Action")
        version = _version(parameters)
        action = self._actions.get(name)
        if action is None:
            raise refusals.Refused(
                "InvalidAction", f"The action {name} is not valid for this web service."
            )
        values = query.read(name, spellings.renamed(name, parameters))
        call = Call(ctx=request.ctx, action=name, values=values)
        try:
            answered = _rehearsed(action, call) if values.pop("DryRun", False) else action(call)
        except errors.NovaboxError as error:
            raise self._refusal(error, name) from error
        return endpoint.Reply(
            body=document.write(name, answered, version=version, request_id=request.ctx.request_id),
            content_type=document.CONTENT_TYPE,
        )

    def _refusal(self, error: errors.NovaboxError, action: str) -> refusals.Refused:
        refused = refusals.of(error, action)
        refused.args = (names.in_ec2(self._db, str(refused)),)
        return refused


def _rehearsed(action: Action, call: Call) -> Mapping[str, object]:
    try:
        with connection.rehearsal():
            action(call)
    except connection.Rehearsed:
        pass  # it got as far as a commit: nothing speaks against it
    raise refusals.Refused(
        "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
        status=412,
    )


def _form(body: bytes) -> aws_signature.Pairs:
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=PARAMETERS_MAX
        )
    except ValueError as error:  # not UTF-8, or too many
        raise refusals.Refused(
            "MalformedQueryString", f"The body cannot be read: {error}"
        ) from error
    return tuple(pairs)


def _required(parameters: Mapping[str, str], name: str) -> str:
    if not parameters.get(name):
        raise refusals.missing(name)
    return parameters[name]


def _version(parameters: Mapping[str, str]) -> str:
    version = _required(parameters, "Version")
    if not _VERSION.fullmatch(version) or version < VERSION_MIN:
        raise refusals.Refused(
            "NoSuchVersion", f"The requested version {version!r} of service AmazonEC2 is unknown."
        )
    return version
