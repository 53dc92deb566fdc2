"""boto 2.49, which signs by version 2 or 4 and sends GETs, talking to an API in this process."""

import sys
import urllib.parse
import warnings
from typing import Any, Final

import pytest

from appliance import credentials
from tests.services.api.clouds import Cloud
from tests.services.api.ec2 import clients

HOST: Final = "127.0.0.1:8774"

needed: Final = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="boto 2 needs the module imp, gone since Python 3.12"
)


def connect(
    cloud: Cloud, user: str = "demo", *, version: str = "v2", digest: str = "sha256"
) -> Any:
    """A connection that signs with the key of `user`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in its regular expressions, and the module imp
        import boto.ec2.connection
    boto.config.add_section("ec2") if not boto.config.has_section("ec2") else None
    boto.config.set("ec2", "use-sigv4", "True" if version == "v4" else "")
    boto.config.add_section("Boto") if not boto.config.has_section("Boto") else None
    boto.config.set("Boto", "num_retries", "0")
    login = credentials.read(cloud.settings, user)
    connection = boto.connect_ec2_endpoint(
        f"http://{HOST}/services/Cloud",
        aws_access_key_id=login.ec2_access, aws_secret_access_key=login.ec2_secret,
    )  # fmt: skip
    if digest == "sha1":
        connection._auth_handler._hmac_256 = None
    connection.get_http_connection = lambda *_, **__: _Http(cloud)
    connection.put_http_connection = lambda *_, **__: None
    return connection


class _Http:
    """What boto takes for an HTTP connection."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.host = HOST

    def request(self, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
        told = {"Host": HOST} | {name: str(value) for name, value in headers.items()}
        told = {name: urllib.parse.unquote(value) if name == "User-Agent" else value
                for name, value in told.items()}  # fmt: skip
        self._answer = self._cloud.client.request(method, path, content=body or None, headers=told)
        if self._answer.status_code == 200:
            clients.check(self._answer)

    def getresponse(self) -> "_Reply":
        return _Reply(self._answer)

    def close(self) -> None:
        pass


class _Reply:
    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.status = answer.status_code
        self.reason = answer.reason_phrase
        self.msg = answer.headers

    def read(self, *_: Any) -> bytes:
        content: bytes = self._answer.content
        return content

    def getheader(self, name: str, default: Any = None) -> Any:
        return self._answer.headers.get(name, default)

    def getheaders(self) -> Any:
        return list(self._answer.headers.items())
