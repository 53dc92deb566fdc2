"""boto3 against the face in this process: botocore writes, signs and reads; nothing listens."""

from __future__ import annotations

import functools
import io
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.testclient import TestClient

SECRETS = {"MEMBER": "secret-of-a-member", "READER": "secret-of-a-reader", "OTHER": "another's"}
URL = "http://127.0.0.1:8080"


@functools.cache
def _session() -> boto3.session.Session:
    """One for all tests: reading S3's model takes longer than a test."""
    return boto3.session.Session()


class Clients:
    """Clients that sign with the tests' keys."""

    def __init__(self, http: TestClient) -> None:
        self._http = http

    def of(self, access: str, *, region: str = "us-east-1", **options: Any):
        """A client of that key; `anonymous` signs nothing."""
        signature = {"signature_version": UNSIGNED} if access == "anonymous" else {}
        style = options.pop("addressing_style", "path")
        url = options.pop("endpoint_url", URL)
        config = Config(s3={"addressing_style": style}, retries={"max_attempts": 1}, **signature,
                        **options)  # fmt: skip
        client = _session().client(
            "s3", endpoint_url=url, region_name=region, config=config,
            aws_access_key_id=access, aws_secret_access_key=SECRETS.get(access, "none"),
        )  # fmt: skip
        client.meta.events.register("before-send.s3", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a prepared request as the server does."""
        body = request.body
        if hasattr(body, "read"):
            body = body.read()
        headers = [(name, value) for name, value in request.headers.items()]
        answer = self._http.request(
            request.method, request.url, content=body, headers=headers, follow_redirects=False
        )
        return AWSResponse(request.url, answer.status_code, answer.headers, _Raw(answer.content))


class _Raw(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self, **_: Any):
        while data := self.read(1 << 16):
            yield data


def refused(call: Any, /, *arguments: Any, **named: Any) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as raised:
        call(*arguments, **named)
    code: str = raised.value.response["Error"]["Code"]
    return code
