"""The job from end to end, and what is left in the cloud wherever it stops."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tui.client.nouns import Choice, Hop
from tui.client.openstack import Server, StoredImage
from tui.client.session import Session
from tui.demo import doors, keys, launch, login, tiny, uploads
from tui.demo.failure import DemoFailed
from tui.demo.login import Milestone
from tui.demo.teller import Teller
from tui.theatre import order

_CONSOLE_LINES: Final = 8
EC2_LAUNCH: Final = (
    "aws ec2 run-instances --key-name test \\\n    --instance-type m1.tiny --image-id ami-tiny"
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it so far; ``left`` names what is in the cloud, for whoever stops half-way."""

    left: list[str] = field(default_factory=list)
    server: Server | None = None
    address: str = ""
    key: Path | None = None
    request_id: str = ""
    hops: list[Hop] = field(default_factory=list)
    guest: list[Milestone] = field(default_factory=list)

    def document(self, teller: Teller) -> dict[str, Any]:
        """Return the timings for ``--json``."""
        return {
            "steps": [{"name": step.name, "seconds": round(step.seconds, 3), "note": step.note}
                      for step in teller.steps],
            "total_s": round(teller.total_s, 3),
            "server_id": self.server.id if self.server else None,
            "address": self.address,
            "request_id": self.request_id,
            "hops": len(self.hops),
            "orphans": len(order.orphans(self.hops)),
            "guest": [{"what": one.what, "at_s": one.at_s} for one in self.guest],
        }  # fmt: skip


async def go(
    session: Session, *, build: Sequence[str], folder: Path, outcome: Outcome, teller: Teller
) -> None:
    """Do every step that is not done yet. Raises DemoFailed or ClientError."""
    images = folder / "ami-tiny"
    if build:
        with teller.step("build ami-tiny"):
            await tiny.build(build, images)
    with teller.step("log in") as step:
        await session.log_in()
        step.note = f"as {session.credentials.username}, {session.credentials.auth_url}"
    image = await _upload(session, images, outcome=outcome, teller=teller)
    with teller.step(f"key pair {keys.NAME}") as step:
        outcome.key, step.note = await keys.ensure(session, folder)
    key_is_new = not step.note.startswith("there")
    outcome.left.append(f"key pair {keys.NAME}")
    with teller.step("security group default") as step:
        step.note = await doors.open_all(session)
    await _server(session, image, key_is_new=key_is_new, outcome=outcome, teller=teller)
    await _answers(session, outcome=outcome, teller=teller)


async def _upload(
    session: Session, folder: Path, *, outcome: Outcome, teller: Teller
) -> StoredImage:
    """Upload all four; return the disk that boots by kernel and ramdisk."""
    files = await asyncio.to_thread(tiny.files, folder)
    properties: dict[str, str] = {}
    by_format: dict[str, StoredImage] = {}
    for file in files:
        if file.disk_format == "ami":
            properties = {"kernel_id": by_format["aki"].id, "ramdisk_id": by_format["ari"].id}
            if line := tiny.command_line(folder):
                properties["os_command_line"] = line
        image = await uploads.ensure(session, file, properties=properties, teller=teller)
        by_format[file.disk_format] = image
        properties = {}
        outcome.left.append(f"image {file.name}")
    return by_format["ami"]


async def _server(
    session: Session, image: StoredImage, *, key_is_new: bool, outcome: Outcome, teller: Teller
) -> None:
    server = await launch.reusable(session, key_name=keys.NAME, key_is_new=key_is_new)
    if server is not None:
        outcome.left.append(f"server {server.name}")
        teller.say(f"  server {server.name} of an earlier run is used again: {server.id}")
    else:
        with teller.step("request to ACTIVE") as step:
            choice = Choice(id=image.id, name=image.name or "")
            server, outcome.request_id = await launch.run(session, choice)
            outcome.left.append(f"server {launch.NAME} ({server.id})")
            outcome.hops = await launch.follow(
                session, server.id, request_id=outcome.request_id, teller=teller
            )
            step.note = f"{len(outcome.hops)} hops"
    outcome.server = await launch.server(session, server.id)
    outcome.address = outcome.server.address
    if not outcome.address:
        raise DemoFailed(f"server {server.id} has no address")


async def _answers(session: Session, *, outcome: Outcome, teller: Teller) -> None:
    if outcome.server is None or outcome.key is None:
        raise DemoFailed("there is no server to log in to")
    with teller.step("boot to ssh login") as step:
        outcome.guest = await login.wait(
            session, outcome.server.id, address=outcome.address, key=outcome.key, teller=teller
        )
        step.note = f"root@{outcome.address}"
    teller.say("")
    teller.say("The console's last lines:")
    for line in await login.tail_of(session, outcome.server.id, lines=_CONSOLE_LINES):
        teller.say(f"  {line}", style="dim")


def advice(outcome: Outcome) -> list[tuple[str, str]]:
    """Return how to go on: commands, and what each is for."""
    novabox = _program()
    lines = [
        (f"{novabox} tui", "watch the cloud, run more"),
        (f'eval "$({novabox} env)"', "log OpenStack's and EC2's clients in, then:"),
        ("openstack server list", "what runs"),
        ("openstack console log show demo", "what it printed"),
        ("openstack server create --image ami-tiny --flavor m1.tiny web", "another"),
        (EC2_LAUNCH, "the same launch, to EC2's face"),
        ("euca-run-instances -k test -t m1.tiny ami-tiny", "and as it was first told"),
    ]
    if outcome.key and outcome.address:
        lines.append((f"ssh -i {outcome.key} root@{outcome.address}", "into the guest"))
    if outcome.request_id:
        lines.append((f"{novabox} trace {outcome.request_id}", "the launch, hop by hop"))
    return [*lines, (f"{novabox} down", "stop; up finds it all again")]


def _program() -> str:
    """Return how to call novabox from here: by its name only where the shell finds it."""
    if shutil.which("novabox"):
        return "novabox"
    path = Path(sys.executable).with_name("novabox")
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
