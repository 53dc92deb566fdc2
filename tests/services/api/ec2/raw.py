"""EC2 without a client: what stands on the wire, byte by byte."""

from typing import Any
from xml.etree import ElementTree

from botocore import auth, awsrequest
from botocore.credentials import Credentials
from httpx2 import Response

from appliance import credentials
from tests.services.api.clouds import Cloud
from tests.services.api.ec2.clients import URL


def ask(
    cloud: Cloud, action: str, *, user: str = "demo", version: str = "2016-11-15", **parameters: Any
) -> Response:
    """One signed POST. Names of parameters have `_` for `.`: `Filter_1_Name`."""
    data = {name.replace("_", "."): str(value) for name, value in parameters.items()}
    return send(cloud, {"Action": action, "Version": version, **data}, user=user)


def send(
    cloud: Cloud, parameters: dict[str, str], *, user: str = "demo", secret: str | None = None
) -> Response:
    """One signed POST of just these parameters."""
    login = credentials.read(cloud.settings, user)
    request = awsrequest.AWSRequest(method="POST", url=URL, data=parameters)
    key = Credentials(login.ec2_access, login.ec2_secret if secret is None else secret)
    auth.SigV4Auth(key, "ec2", "RegionOne").add_auth(request)
    ready = request.prepare()
    return cloud.client.post(URL, content=ready.body, headers=dict(ready.headers))


def refusal(answer: Response) -> tuple[int, str]:
    """Status and code of an answer that says no, in EC2's form."""
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "Response"
    assert [part.tag for part in root] == ["Errors", "RequestID"]
    (error,) = root[0]
    assert [part.tag for part in error] == ["Code", "Message"]
    assert error[1].text
    return answer.status_code, str(error[0].text)
