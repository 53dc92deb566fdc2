"""EC2 clients as people have them, talking to an API in this process; every answer is checked.

A request leaves botocore or boto just before its socket, and goes to the cloud under test; the
answer is read by a strict reader over botocore's model before the client sees it.
"""

import functools
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import boto3
import botocore.awsrequest
import botocore.config
from httpx2 import Response

from appliance import credentials
from tests.services.api.clouds import Cloud
from tests.services.api.ec2 import model

URL = "http://testserver/services/Cloud"
# what every cloud names as it likes, whatever the model has a list of
OWN_WORDS = frozenset({"InstanceType", "VolumeType"})


def boto3_client(
    cloud: Cloud,
    user: str = "demo",
    *,
    access: str = "",
    secret: str = "",
    region: str = "RegionOne",
    version: str = "v4",
) -> Any:
    """The boto3 client of EC2 that signs with the key of `user`; it asks this cloud from now on."""
    login = credentials.read(cloud.settings, user)
    access, secret = access or login.ec2_access, secret or login.ec2_secret
    client = _signing(access, secret, region=region, version=version)

    def carry(request: Any, **_: Any) -> botocore.awsrequest.AWSResponse:
        answer = cloud.client.request(
            request.method, request.url, content=request.body, headers=dict(request.headers)
        )
        if answer.status_code == 200:
            check(answer)
        return botocore.awsrequest.AWSResponse(
            request.url, answer.status_code, answer.headers, _Raw(answer.content)
        )

    client.meta.events.unregister("before-send.ec2", unique_id="carry")
    client.meta.events.register("before-send.ec2", carry, unique_id="carry")
    return client


@functools.cache
def _signing(access: str, secret: str, *, region: str, version: str) -> Any:
    """One client a key: boto3 makes 830 methods for each, which costs 40 ms."""
    return boto3.client(
        "ec2", endpoint_url=URL, region_name=region,
        aws_access_key_id=access, aws_secret_access_key=secret,
        config=botocore.config.Config(signature_version=version, retries={"max_attempts": 0}),
    )  # fmt: skip


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content

    def read(self, *_: Any) -> bytes:
        return self._content


def check(answer: Response) -> ElementTree.Element:
    """The root of an answer in which nothing stands that botocore's model does not know."""
    root = ElementTree.fromstring(answer.content)
    namespace, _, tag = root.tag[1:].partition("}")
    assert namespace.startswith("http://ec2.amazonaws.com/doc/20")
    assert namespace.endswith("/")
    assert tag.endswith("Response")
    action = tag.removesuffix("Response")
    known = model.service_model()
    shape = known["operations"][action].get("output", {}).get("shape")
    rest = [part for part in root if _tag(part) != "requestId"]
    assert len(rest) == len(root) - 1, "one requestId"
    if [_tag(part) for part in rest] == ["return"]:
        assert rest[0].text == "true"
        return root
    assert shape, f"{action} answers nothing but return"
    _check(known["shapes"], shape, rest, path=action)
    return root


def _tag(element: ElementTree.Element) -> str:
    return element.tag.partition("}")[2]


def _check(
    shapes: Mapping[str, Any], name: str, parts: list[ElementTree.Element], *, path: str
) -> None:
    members = {
        member.get("locationName", key): member["shape"]
        for key, member in shapes[name]["members"].items()
    }
    seen = [_tag(part) for part in parts]
    assert len(set(seen)) == len(seen), f"{path}: {seen} has one twice"
    for part in parts:
        assert _tag(part) in members, f"{path}: {_tag(part)} is not in {sorted(members)}"
        _check_value(shapes, members[_tag(part)], part, path=f"{path}.{_tag(part)}")


def _check_value(
    shapes: Mapping[str, Any], name: str, element: ElementTree.Element, *, path: str
) -> None:
    shape = shapes[name]
    assert element.tail in (None, ""), f"{path}: space after it"
    if shape["type"] in ("structure", "list"):
        assert element.text in (None, ""), f"{path}: text in a {shape['type']}"
    if shape["type"] == "structure":
        _check(shapes, name, list(element), path=path)
    elif shape["type"] == "list":
        for item in element:
            assert _tag(item) == shape["member"].get("locationName", "item"), path
            _check_value(shapes, shape["member"]["shape"], item, path=f"{path}[]")
    else:
        assert not len(element), f"{path}: a {shape['type']} with parts"
        if name not in OWN_WORDS:
            _check_scalar(shape, element.text or "", path)


def _check_scalar(shape: Mapping[str, Any], text: str, path: str) -> None:
    if shape["type"] in ("integer", "long"):
        int(text)
    if shape["type"] == "boolean":
        assert text in ("true", "false"), path
    if shape["type"] == "timestamp":
        assert text.endswith("Z"), path
        assert len(text) == len("2011-09-22T12:00:00.000Z"), path
    if shape.get("enum"):
        assert text in shape["enum"], f"{path}: {text} is none of {shape['enum']}"
