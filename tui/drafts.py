"""A request to run instances while it is being filled in; sends nothing."""

from __future__ import annotations

import base64
import json
import shlex
from dataclasses import dataclass
from typing import Any, Final

from tui import local
from tui.client import verbs
from tui.client.call import Call
from tui.client.nouns import Choice

DATA_BYTES_MAX: Final = 49_149  # as base64 these are the 65,532 characters that Nova takes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDraft:
    """What to run; an empty name or an absent choice says what is still missing.

    ``data_path`` is a file of the user's, ``data`` what is in it, as base64; ``then`` is what the
    user wants to see next, and in no request.
    """

    name: str = ""
    image: Choice | None = None
    flavor: Choice | None = None
    key: Choice | None = None
    network: Choice | None = None
    groups: tuple[Choice, ...] = ()
    volume: Choice | None = None
    data_path: str = ""
    data: str = ""
    count: int = 1
    then: Choice | None = None

    def missing(self) -> list[str]:
        """Return the names of the fields without which the request would be refused."""
        wanted = {"name": self.name, "image": self.image, "flavor": self.flavor}
        return [field for field, value in wanted.items() if not value]

    def server(self) -> dict[str, Any]:
        """Return the server as Compute v2.1 takes it."""
        server: dict[str, Any] = {"name": self.name}
        if self.image:
            server["imageRef"] = self.image.id
        if self.flavor:
            server["flavorRef"] = self.flavor.id
        if self.key:
            server["key_name"] = self.key.name
        if self.network:
            server["networks"] = [{"uuid": self.network.id}]
        if self.groups:
            server["security_groups"] = [{"name": group.name} for group in self.groups]
        if self.volume:
            server["block_device_mapping_v2"] = [
                {"source_type": "volume", "destination_type": "volume", "uuid": self.volume.id}
            ]
        if self.data:
            server["user_data"] = self.data
        if self.count > 1:
            server |= {"min_count": self.count, "max_count": self.count}
        return server

    def call(self) -> Call:
        """Return the Compute v2.1 call."""
        return verbs.compute.create_server(self.server())

    def cli(self) -> tuple[str, ...]:
        """Return the same request as a line of the OpenStack client."""
        volume = self.volume and f"uuid={self.volume.id},source_type=volume,destination_type=volume"
        chosen = [
            ("--image", self.image and self.image.name),
            ("--flavor", self.flavor and self.flavor.name),
            ("--key-name", self.key and self.key.name),
            ("--network", self.network and self.network.name),
            *(("--security-group", group.name) for group in self.groups),
            ("--block-device", volume),
            ("--user-data", self.data_path),
        ]
        options = [word for option, value in chosen if value for word in (option, value)]
        if self.count > 1:
            options += ["--min", str(self.count), "--max", str(self.count)]
        return ("openstack", "server", "create", *options, *([self.name] if self.name else []))

    def ec2(self, ami: str) -> tuple[str, ...]:
        """Return it as a line of euca2ools, where EC2 has words for it; else nothing.

        There instances have no names, and a volume is attached when they run.
        """
        if not ami or self.volume or not self.flavor:
            return ()
        options = ["-n", str(self.count), "-t", self.flavor.name]
        options += ["-k", self.key.name] if self.key else []
        options += [word for group in self.groups for word in ("-g", group.name)]
        options += ["-f", self.data_path] if self.data_path else []
        return ("euca-run-instances", *options, ami)

    def fields(self) -> dict[str, str]:
        """Return what a template and a form that was left keep: ids, and what was typed."""
        choices = {
            "image": self.image, "flavor": self.flavor, "key": self.key, "network": self.network,
            "volume": self.volume, "then": self.then,
        }  # fmt: skip
        return {
            "name": self.name,
            **{name: choice.id if choice else "" for name, choice in choices.items()},
            "groups": ",".join(group.id for group in self.groups),
            "data": self.data_path,
            "count": str(self.count),
        }


def curl(call: Call, base_url: str) -> str:
    """Return a call as a line of curl that a shell takes; the token is the shell's variable."""
    method, _, rest = call.line().partition(" ")
    path = rest.partition(" ")[0]
    line = f'curl -s -X {method} -H "X-Auth-Token: $OS_TOKEN"'
    if call.body is not None:
        body = json.dumps(call.body, ensure_ascii=False)
        line += f" -H 'Content-Type: {call.media_type}' -d {shlex.quote(body)}"
    return f"{line} {shlex.quote(base_url + path)}"


def read_data(path: str) -> str:
    """Return a file as user data. Raises OSError; ValueError if it is too large."""
    if not path:
        return ""
    file = local.file(path)
    if file.stat().st_size > DATA_BYTES_MAX:
        raise ValueError(f"{path}: larger than {DATA_BYTES_MAX:,} bytes")
    return base64.b64encode(file.read_bytes()).decode()
