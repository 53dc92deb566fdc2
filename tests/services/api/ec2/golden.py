"""Whole answers of EC2's API, kept in `tests/golden/ec2`; ids and times are numbered.

`just regenerate` rewrites them; the diff is reviewed.
"""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance import config
from tests.services.api import clouds
from tests.services.api.clouds import Cloud
from tests.services.api.ec2 import raw

FOLDER: Final = Path(__file__).parents[3] / "golden" / "ec2"

_CHANGING: Final = (
    ("request", r"req-[0-9a-f-]{36}"),
    ("project", r"\b[0-9a-f]{32}\b"),
    ("number", r"(?<=sg-)[0-9a-f]{8}"),
)


def _groups(cloud: Cloud) -> str:
    web = {"GroupName": "web", "GroupDescription": "of <the> web"}
    raw.ask(cloud, "CreateSecurityGroup", **web)
    permission = {
        "IpPermissions_1_IpProtocol": "tcp", "IpPermissions_1_FromPort": 22,
        "IpPermissions_1_ToPort": 22, "IpPermissions_1_IpRanges_1_CidrIp": "10.0.0.0/8",
        "IpPermissions_2_IpProtocol": "-1", "IpPermissions_2_Groups_1_GroupName": "default",
    }  # fmt: skip
    raw.ask(cloud, "AuthorizeSecurityGroupIngress", GroupName="web", **permission)
    return raw.ask(cloud, "DescribeSecurityGroups", GroupName_1="web").text


ANSWERS: Final[dict[str, Callable[[Cloud], str]]] = {
    "regions": lambda cloud: raw.ask(cloud, "DescribeRegions", version="2009-11-30").text,
    "key_pair_deleted": lambda cloud: raw.ask(cloud, "DeleteKeyPair", KeyName="none").text,
    "security_groups": _groups,
    "refused": lambda cloud: raw.ask(cloud, "DescribeKeyPairs", KeyName_1="<none>").text,
    "dry_run": lambda cloud: raw.ask(cloud, "DescribeRegions", DryRun="true").text,
}


def text(answer: str) -> str:
    """The answer with what changes numbered by its kind; not a space is touched."""
    for name, pattern in _CHANGING:
        seen = list(dict.fromkeys(re.findall(pattern, answer)))
        for number, found in enumerate(seen, start=1):
            answer = answer.replace(found, f"{name}-{number}")
    return answer + "\n"


def write() -> None:
    """Rewrite all of them, each from a cloud of its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, answer in ANSWERS.items():
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            settings = config.parse({"host": "box1"}, home=Path(folder))
            cloud = clouds.opened(settings, clouds.first_start(settings))
            (FOLDER / f"{name}.xml").write_text(text(answer(cloud)))
            cloud.db.close()
