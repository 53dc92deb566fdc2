"""`novabox status`, `trace`, `env`: what runs, what a request did, how clients log in."""

import argparse
import json
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from appliance import config, credentials, errors, processes, supervisor, trace

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_CPU_OVER_S: Final = 1.0
# comments after the last command: a shell that gets all of it on one line loses nothing
_ENV_NOTES: Final = """\
# openstack, openstacksdk, Ansible, swift: the variables OS_*.
# aws, boto3: AWS_*. Before 2023-07 (aws 1.29, boto3 1.28) they ask for the address in words:
#   aws --endpoint-url "$EC2_URL" ec2 ...   boto3.client("ec2", endpoint_url=os.environ["EC2_URL"])
# euca2ools: EC2_URL, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; before 3.0 with EC2_*.
# boto 2: boto.connect_ec2_endpoint(os.environ["EC2_URL"]), which takes the key from AWS_*."""
_KIND_WORDS: Final = {
    "http": "→", "sent": "✉", "taken": "⚙", "state": "■", "driver": "▸", "stream": "≈",
}  # fmt: skip


def add_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's commands to the parser."""
    status = commands.add_parser("status", help="which processes run and what they cost")
    status.add_argument("--json", action="store_true", help="for scripts")
    status.set_defaults(run=_status)
    told = commands.add_parser("trace", help="what one request did, hop by hop")
    told.add_argument("request", nargs="?", help="a request id; none: list the newest requests")
    told.add_argument("--limit", type=int, default=20, help="how many requests to list")
    form = told.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for scripts")
    form.add_argument("--mermaid", action="store_true", help="a sequence diagram for a document")
    told.set_defaults(run=_trace)
    env = commands.add_parser("env", help="what clients need to log in, to be eval'ed by a shell")
    env.add_argument("--user", default="demo", choices=["demo", "admin"], help="whose (demo)")
    env.add_argument("--clouds-yaml", action="store_true", help="as a clouds.yaml instead")
    env.add_argument("--json", action="store_true", help="for scripts")
    env.set_defaults(run=_env)


def _status(arguments: argparse.Namespace) -> int:
    settings = config.load()
    running = supervisor.find(settings)
    costs = supervisor.cost(running) if running else []
    own = [cost for cost in costs if cost.name != supervisor.LIBVIRTD]
    percent = processes.cpu_percent([cost.pid for cost in own], over_s=_CPU_OVER_S)
    document = {
        "home": str(settings.home),
        "is_up": running is not None,
        "pss_mib": round(sum(cost.pss_kib for cost in own) / 1024, 1),
        "cpu_percent": round(percent, 1),
        "processes": [asdict(cost) for cost in costs],
    }
    print(json.dumps(document, indent=2) if arguments.json else _status_text(document))
    return 0 if running else 1


def _status_text(document: dict[str, Any]) -> str:
    if not document["is_up"]:
        return f"■ the cloud in {document['home']} is down; `novabox up` starts it"
    lines = [f"● the cloud in {document['home']} is up", ""]
    lines += [f"  {'PROCESS':<12}{'PID':>8}{'PSS MiB':>10}{'CPU s':>9}"]
    lines += [
        f"  {cost['name']:<12}{cost['pid']:>8}{cost['pss_kib'] / 1024:>10.1f}{cost['cpu_s']:>9.1f}"
        for cost in document["processes"]
    ]
    lines += [
        "",
        f"  all services: {document['pss_mib']} MiB, {document['cpu_percent']} % of a core",
    ]
    return "\n".join([*lines, "  (libvirtd is libvirt's own and not counted)"])


def _trace(arguments: argparse.Namespace) -> int:
    log = trace.Log(config.load().home)
    if arguments.request is None:
        newest = log.requests(limit=arguments.limit)
        print(json.dumps(newest, indent=2) if arguments.json else _requests_text(newest))
        return 0
    hops = log.request(arguments.request)
    if not hops:
        raise errors.NotFound("request", arguments.request)
    if arguments.json:
        print(json.dumps([asdict(hop) for hop in hops], indent=2))
    else:
        print(_mermaid(hops) if arguments.mermaid else _hops_text(hops))
    return 0


def _requests_text(requests: list[dict[str, Any]]) -> str:
    lines = [f"{'REQUEST':<41} {'STATUS':<8}{'HOPS':>5}{'TOOK':>11}  WHAT"]
    lines += [
        f"{one['id']:<41} {one['status']:<8}{one['hops']:>5}{_duration(one['duration_us']):>11}"
        f"  {one['name']}"
        for one in requests
    ]
    return "\n".join(lines)


def _hops_text(hops: list[trace.Hop]) -> str:
    """An indented tree in causal order: when it began, how long it took, who did what to whom."""
    depth: dict[str | None, int] = {None: -1}
    began = min(hop.started_at for hop in hops)
    lines = [f"{hops[0].request_id}   {len(hops)} hops", f"{'AT':>10}{'TOOK':>11}"]
    for hop in hops:
        depth[hop.id] = depth.get(hop.parent_id, -1) + 1
        mark = {"ok": "", "error": " ✗ ", "running": " … "}[hop.status]
        size = f" {hop.bytes:,} bytes" if hop.bytes else ""
        lines.append(
            f"{_duration(hop.started_at - began):>10}{_duration(hop.duration_us):>11}  "
            f"{'  ' * depth[hop.id]}{_KIND_WORDS[hop.kind]} {hop.source} → {hop.target}  "
            f"{hop.name}{size}{mark}{hop.detail.get('error', '')}"
        )
    return "\n".join(lines)


def _mermaid(hops: list[trace.Hop]) -> str:
    def lane(name: str) -> str:
        return name.replace(".", "_").replace(" ", "_").replace("-", "_")

    lines = ["sequenceDiagram"]
    for hop in hops:
        arrow = "->>" if hop.kind != "sent" else "-)"
        lines.append(f"    {lane(hop.source)}{arrow}{lane(hop.target)}: {hop.name}")
    return "\n".join(lines)


def _duration(us: int | None) -> str:
    if us is None:
        return "-"
    if us < 1000:
        return f"{us} µs"
    return f"{us / 1000:.1f} ms" if us < 1_000_000 else f"{us / 1_000_000:.2f} s"


def _env(arguments: argparse.Namespace) -> int:
    settings = config.load()
    variables = credentials.openstack_environment(settings, arguments.user)
    variables |= credentials.ec2_environment(settings, arguments.user)
    if arguments.json:
        print(json.dumps(variables, indent=2))
    elif arguments.clouds_yaml:
        print(credentials.clouds_yaml(settings))
    else:
        for name, value in variables.items():
            print(f"export {name}={shlex.quote(value)}")
        print(_ENV_NOTES)
    return 0
