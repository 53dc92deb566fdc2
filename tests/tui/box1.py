"""A small cloud with a little of everything, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.tui.fake_cloud import NOW_S, FakeCloud

LAUNCH = "req-7f3a0000-0000-4000-8000-000000000001"
_TINY = {"name": "m1.tiny", "vcpus": 1, "memory_mib": 512, "disk_gib": 1}
_IMAGE = {"id": "c1770000-0000-4000-8000-00000000c1c1", "name": "ami-tiny"}


def build() -> FakeCloud:
    """Return the cloud."""
    cloud = FakeCloud()
    cloud.put(
        "host",
        name="box1",
        zone="nova",
        vcpus=16,
        vcpus_used=6,
        memory_mib=16000,
        memory_mib_used=9300,
        disk_gib=400,
        disk_gib_used=88,
        virt_type="qemu",
        is_up=True,
    )
    _instances(cloud)
    _images(cloud)
    _volumes(cloud)
    _services(cloud)
    _journal(cloud)
    _networks(cloud)
    _people(cloud)
    _objects(cloud)
    for number, hop in enumerate(LAUNCH_HOPS, 1):
        cloud.hop(**_hop(number, *hop))
    cloud.answers = {
        r"GET /compute/v2.1/flavors/detail": (200, {"flavors": [
            {"id": "1", "name": "m1.tiny", "vcpus": 1, "ram": 512, "disk": 1},
            {"id": "2", "name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20}]}),
        r"GET /compute/v2.1/os-keypairs": (200, {"keypairs": [{"keypair": {"name": "test"}}]}),
        r"GET /network/v2.0/security-groups": (200, {"security_groups": [
            {"id": "g2", "name": "web", "description": "80 and 443"},
            {"id": "g1", "name": "default", "description": ""}]}),
        r"GET /network/v2.0/networks": (200, {"networks": [{"id": "n1", "name": "demo-net"}]}),
        r"GET /novabox/v1/capacity.*": (200, capacity()),
        r"GET /novabox/v1/xray/image/.+": (200, {"xray": IMAGE_XRAY}),
        r"GET /novabox/v1/xray/[^/]+/.+": (200, {"xray": XRAY}),
        r"POST /novabox/v1/paths": (200, {"path": PATH}),
        r"POST /network/v2.0/security-group-rules": (201, {"security_group_rule": {"id": "r9"}}),
        r"GET /identity/v3/roles": (200, {"roles": [
            {"id": "r-m", "name": "member"}, {"id": "r-r", "name": "reader"}]}),
        r"POST /novabox/v1/dry-runs/run": (200, RUN_PLAN),
        r"POST /novabox/v1/dry-runs/delete": (200, DELETE_PLAN),
        r"POST /novabox/v1/dry-runs/attach": (200, ATTACH_PLAN),
        r"GET /novabox/v1/explanations/.*": (200, EXPLANATION),
        r"POST /compute/v2.1/servers": (202, {"server": {"id": "i-new"}}),
        r"POST /compute/v2.1/servers/.*/action": (200, {"output": CONSOLE}),
        r"DELETE /compute/v2.1/servers/.*": (204, None),
        r"GET /novabox/v1/xray/volumes": (200, {"volumes": [
            {"id": _volume_id(short), "used_bytes": used_bytes} for short, used_bytes in (
                ("07", 14 << 30), ("06", 4_402_341_478), ("05", 52_428_800), ("02", 2_040_109_465))
        ]}),
        r"POST /novabox/v1/topics/.*": (202, {}),
        r"POST /novabox/v1/journal/.*/(undo|redo)": (200, {"entry": {
            "id": "e0", "text": "delete volume", "name": "old-logs", "state": "undone"}}),
        r"POST /novabox/v1/services/.*": (200, {"service": {"name": "compute", "pid": 815}}),
        r"GET /novabox/v1/services/[^/]*/log[?]lines=.*": (200, {"log": LOG}),
        r"GET /novabox/v1/services/[^/]*/log[?]since=.*": (
            200, {"log": {"name": "compute", "lines": [], "offset": 900}}),
        r"GET /novabox/v1/topics/dead": (200, {
            "topic": {"name": "dead", "depth": 1}, "messages": [_dead()]}),
        r"GET /novabox/v1/topics/.*": (200, {
            "topic": {"name": "compute.box1", "depth": 3, "is_paused": True},
            "messages": [
                _message(1, "spawn", "1f", LAUNCH, 12, is_released=True),
                _message(2, "reboot", "1d", _other(2), 6, is_raised=True),
                _message(3, "terminate", "0a", _other(3), 1)]}),
    }  # fmt: skip
    return cloud


def _instances(cloud: FakeCloud) -> None:
    rows: list[tuple[str, str, str, str | None, float, str]] = [
        ("0b", "db-old", "error", None, 3 * 86400, "-"),
        ("0c", "ci-07", "active", None, 2 * 3600, "10.0.0.9"),
        ("1d", "web-1", "active", None, 600, "10.0.0.3"),
        ("0a", "win-lab", "stopped", None, 9 * 86400, "10.0.0.7"),
        ("1f", "web-3", "building", "spawning", 4, "10.0.0.5"),
    ]
    for short, name, vm_state, task_state, age_s, address in rows:
        cloud.put(
            "instance", id=f"{short}000000-0000-4000-8000-000000000000", name=name,
            status="X", vm_state=vm_state, task_state=task_state, power_state="running",
            host="box1", zone="nova", flavor=_TINY, image=_IMAGE, key_name="test",
            addresses=[] if address == "-" else [address], created_at=NOW_S - age_s,
            updated_at=NOW_S, launched_at=NOW_S - age_s + 3 if vm_state == "active" else None,
            fault={"message": "No valid host was found: box1 lacks 512 MiB"}
            if vm_state == "error" else None,
            request_id=LAUNCH if short == "1f" else None, project_id="p1", user_id="u1",
        )  # fmt: skip


def _images(cloud: FakeCloud) -> None:
    for number, (name, disk, size, status) in enumerate(
        [("ami-tiny", "ami", 16_777_216, "active"), ("ami-tiny-kernel", "aki", 9_437_184, "active"),
         ("debian-12", "qcow2", 2_254_857_830, "active"), ("alpine", "qcow2", 0, "saving")]
    ):  # fmt: skip
        cloud.put(
            "image", id=_IMAGE["id"] if number == 0 else f"ab{number}c0000-1111", name=name,
            status=status, size_bytes=size, disk_format=disk, container_format="bare",
            visibility="public", owner="admin", created_at=NOW_S, updated_at=NOW_S, store="swift",
        )  # fmt: skip


def _volumes(cloud: FakeCloud) -> None:
    portal = "127.0.0.1:3261 iqn.2010-10.org.novabox:"
    for short, name, size_gib, status, owner, device in (
        ("07", "pgdata", 40, "in-use", "0c", "/dev/vdb"),
        ("06", "backup", 10, "available", None, None),
        ("05", "scratch", 10, "attaching", "1d", "/dev/vdc"),
        ("02", "old-home", 2, "error", None, None),
    ):
        volume_id = _volume_id(short)
        cloud.put(
            "volume", id=volume_id, name=name, status=status, size_gib=size_gib,
            volume_type="sparse", host="box1", is_bootable=False,
            instance_id=f"{owner}000000-0000-4000-8000-000000000000" if owner else None,
            device=device, target=f"{portal}{volume_id} 1" if owner else None,
            reason="pool: no space left: 2 GiB asked, 1.1 GiB free" if status == "error" else "",
            created_at=NOW_S - 3600, request_id=LAUNCH if owner else None, project_id="p1",
            snapshot_id=_snapshot_id("11") if name == "backup" else None,
        )  # fmt: skip
    for short, name, age_s, status in (
        ("12", "before-upgrade", 800, "available"), ("11", "noon", 7_900, "available"),
        ("09", "yesterday", 90_000, "error"),
    ):  # fmt: skip
        cloud.put(
            "snapshot", id=_snapshot_id(short), name=name, status=status, size_gib=40,
            volume_id=_volume_id("07"), host="box1", created_at=NOW_S - age_s, project_id="p1",
            reason="pool: no space left" if status == "error" else "", request_id=LAUNCH,
        )  # fmt: skip


def _volume_id(short: str) -> str:
    return f"{short}000000-0000-4000-8000-00000000v01d"


def _snapshot_id(short: str) -> str:
    return f"{short}000000-0000-4000-8000-00000000517a"


def _journal(cloud: FakeCloud) -> None:
    later = _stamp(NOW_S + 288)
    for number, (action, text, level, name, state, until, reason) in enumerate((
        ("volume.delete", "delete volume", 2, "old-logs", "done", later, ""),
        ("instance.stop", "stop instance", 1, "win-lab", "done", None, ""),
        ("security_group.add_rules", "add rule to security group", 2,
         "web: tcp 22 in from 0.0.0.0/0", "undone", None, ""),
        ("image.delete", "delete image", 2, "debian-11", "expired", _stamp(NOW_S - 900), ""),
        ("instance.delete", "terminate instance", 3, "ci-06", "final", None,
         "its disk is gone; its volumes are kept"),
    )):  # fmt: skip
        cloud.put(
            "journal", id=f"e{number}000000-0000-4000-8000-000000000000",
            at=_stamp(NOW_S - 60 - 400 * number), user="demo", user_id="u1", project_id="p1",
            action=action, text=text, level=level, kind=action.partition(".")[0],
            client=("tui", "openstack", "euca2ools", "tui", "boto3")[number],
            object_id=f"{number}7000000-0000-4000-8000-000000000000", name=name, state=state,
            request_id=LAUNCH, undo_until=until, reason=reason, of_id=None, changed_at=None,
        )  # fmt: skip


def _networks(cloud: FakeCloud) -> None:
    cloud.put("network", id="n1", name="demo-net", cidr="10.0.0.0/24", gateway_ip="10.0.0.1",
              is_dhcp_enabled=True, bridge="nbx-b-6e310000", ports=4, project_id="p1")  # fmt: skip
    cloud.put("network", id="n2", name="lab-net", cidr="10.0.1.0/24", gateway_ip="10.0.1.1",
              is_dhcp_enabled=False, bridge="nbx-b-6e320000", ports=0, project_id="p1")  # fmt: skip
    for at, (owner, address, groups) in enumerate((
        ("0c", "10.0.0.9", ["g1"]), ("1d", "10.0.0.3", ["g1", "g2"]), ("0a", "10.0.0.7", ["g1"]),
        ("1f", "10.0.0.5", ["g2"]),
    )):  # fmt: skip
        cloud.put(
            "port", id=f"4a{at}00000-0000-4000-8000-000000000000", status="ACTIVE",
            network_id="n1", instance_id=f"{owner}000000-0000-4000-8000-000000000000", host="box1",
            mac_address=f"fa:16:3e:00:00:0{at}", addresses=[address], security_group_ids=groups,
            tap=f"nbx-t-4a{at}00000", created_at=NOW_S - 600, project_id="p1",
        )  # fmt: skip
    out = {"id": "r0", "direction": "egress"}
    ssh = {"id": "r1", "direction": "ingress", "protocol": "tcp", "port_min": 22, "port_max": 22}
    ping = {"id": "r2", "direction": "ingress", "protocol": "icmp"}
    web = {"id": "r3", "direction": "ingress", "protocol": "tcp", "port_min": 8000,
           "port_max": 8080, "remote_group_id": "g1"}  # fmt: skip
    cloud.put("security_group", id="g1", name="default", description="Default security group",
              rules=[out, ssh, ping], ports=3, project_id="p1")  # fmt: skip
    cloud.put("security_group", id="g2", name="web", rules=[out, web], ports=2, project_id="p1")
    for key, name, cpu, memory, disk in (
        ("1", "m1.tiny", 1, 512, 1), ("2", "m1.small", 1, 2048, 20), ("3", "m1.medium", 2, 4096, 40)
    ):  # fmt: skip
        cloud.put("flavor", id=key, name=name, vcpus=cpu, memory_mib=memory, disk_gib=disk)
    for owner, tap, percent, sent, got in (
        ("1d", "nbx-t-4a100000", 41.4, 94_208, 11_534_336),
        ("0c", "nbx-t-4a000000", 88.0, 1024, 4096),
    ):  # fmt: skip
        cloud.put(
            "usage", id=f"{owner}000000-0000-4000-8000-000000000000",
            instance_id=f"{owner}000000-0000-4000-8000-000000000000", cpu_percent=percent,
            memory_mib=512, rss_mib=212, disk_read_bytes_s=0, disk_write_bytes_s=40_960,
            rx_bytes_s=got, tx_bytes_s=sent,
            nics=[{"tap": tap, "rx_bytes_s": got, "tx_bytes_s": sent}],
        )  # fmt: skip


def _people(cloud: FakeCloud) -> None:
    for key, name, is_enabled, note in (
        ("p1", "demo", True, "The first project"), ("p2", "lab", False, ""),
    ):  # fmt: skip
        cloud.put("project", id=key, name=name, description=note, is_enabled=is_enabled)
    member = {"role": "member", "project_id": "p1", "project": "demo"}
    cloud.put("user", id="u1", name="demo", default_project_id="p1", is_enabled=True,
              has_password=True, password_set_at=NOW_S - 86400, roles=[member])  # fmt: skip
    cloud.put("user", id="u2", name="eve", is_enabled=False, has_password=False, roles=[])
    cloud.put("key_pair", id="u1/test", name="test", user_id="u1", type="ssh",
              fingerprint="5c:4b:8a:1e:00:11:22:33:44:55:66:77:88:99:aa:bb",
              public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI demo@box1",
              created_at=NOW_S - 3600)  # fmt: skip


def _objects(cloud: FakeCloud) -> None:
    swift = cloud.swift
    swift.containers = {
        "backups": {"2026/09/db.dump": b"dump" * 3000, "2026/10/db.dump": b"dump" * 3500,
                    "README.txt": b"Nightly dumps.\n"},
        "segments": {f"film/{part:05}": bytes([65 + part]) * 10_000 for part in range(3)},
        "films": {"film.mp4": b""},
        "empty": {},
    }  # fmt: skip
    swift.manifests = {"films/film.mp4": [f"segments/film/{part:05}" for part in range(3)]}


def _services(cloud: FakeCloud) -> None:
    for number, (name, topic) in enumerate(
        [("api", "api"), ("object", "object"), ("scheduler", "scheduler"),
         ("compute", "compute.box1"), ("network", "network.box1"), ("image", "image")]
    ):  # fmt: skip
        cloud.put(
            "service", name=name, topic=topic, host="box1", pid=812 + number, state="up",
            started_at=NOW_S - 9 * 86400, seen_at=NOW_S - 2, pss_kib=20_480 + number * 1024,
            cpu_percent=0.1,
        )  # fmt: skip
    quiet, passing = [0] * 30, [1, 0, 0, 1, 0] * 4 + [0] * 10
    for name, depth, consumer in (
        ("scheduler", 0, "scheduler"), ("compute.box1", 3, "compute"),
        ("network.box1", 0, "network"), ("image", 0, "image"), ("volume.box1", 0, None),
        ("dead", 1, None),
    ):  # fmt: skip
        is_paused = name == "compute.box1"
        is_busy = name in ("scheduler", "network.box1", "compute.box1")
        cloud.put(
            "topic",
            name=name,
            depth=depth,
            is_paused=is_paused,
            paused_at=NOW_S - 12 if is_paused else None,
            paused_until=NOW_S + 288 if is_paused else None,
            paused_by="demo" if is_paused else None,
            oldest_age_s={0: None, 1: 2 * 86400, 3: 12}[depth],
            last_step="spawn" if is_paused else None,
            consumers=[consumer] if consumer else [],
            in_per_s=0.3 if is_busy else 0.0,
            out_per_s=0.2 if is_busy and not is_paused else 0.0,
            history={
                "sent": passing if is_busy else quiet,
                "taken": passing if is_busy and not is_paused else quiet,
                "depth": [0] * 12 + [1] * 8 + [3] * 10 if is_paused else quiet,
            },
        )


def _message(
    number: int, step: str, short: str, request_id: str, age_s: float, **fields: Any
) -> dict[str, Any]:
    object_id = f"{short}000000-0000-4000-8000-000000000000"
    return {
        "id": f"a{number}b2c3d4-0000-4000-8000-00000000000{number}", "step": step,
        "object_id": object_id, "request_id": request_id, "queued_at": NOW_S - age_s,
        "size_bytes": 400 + number, "is_released": False, "is_raised": False,
        "wants_reply": False, "topic": None, "error": None, "failures": 0, "dead_by": None,
        "payload": {
            "request_id": request_id, "hop_id": "h12", "user_id": "u1", "project_id": "p1",
            "queued_at": f"{NOW_S - age_s:.6f}"},
    } | fields  # fmt: skip


def _other(number: int) -> str:
    return f"req-7f5{number}0000-0000-4000-8000-000000000001"


def _dead() -> dict[str, Any]:
    error = "HypervisorError: no such machine type"
    return _message(
        9, "spawn", "0b", _other(9), 2 * 86400, topic="compute.box1", error=error, failures=3,
        dead_by="",
    )  # fmt: skip


IMAGE_XRAY = {
    "label": "debian-12", "word": "active", "meaning": "good", "detail": "qcow2  2150.4 MiB",
    "children": [
        {"label": "object in swift", "word": "there", "meaning": "good",
         "detail": "swift://glance/ab2c0000-1111  2150.4 MiB", "children": [
             {"label": "checksum", "word": "known", "meaning": "good",
              "detail": "md5 0c3d1b7a9b1e4d2f8c5a6b7c8d9e0f1a"}]},
        {"label": "cache on box1", "word": "cached", "meaning": "good",
         "detail": "compute/images/ab2c0000-1111  2150.4 MiB", "children": []},
        {"label": "instance web-1", "word": "active", "meaning": "good", "children": []},
        {"label": "db row", "word": "images", "meaning": "good",
         "detail": "status=active store=swift visibility=public", "children": []},
    ],
}  # fmt: skip
LOG = {
    "name": "compute", "offset": 900,
    "lines": [
        f"2026-09-21T14:13:0{at}.100 {level:7} services.compute.manager [{request}] {text}"
        for at, (level, request, text) in enumerate([
            ("INFO", "-", "host box1: 3 guests run"),
            ("INFO", LAUNCH, "instance 1f000000: spawning on box1"),
            ("WARNING", LAUNCH, "instance 1f000000: the tap came late, trying again"),
            ("ERROR", _other(2), "instance 0b000000: no such machine type"),
        ])
    ] + ["Traceback (most recent call last):", "ValueError: q35"],
}  # fmt: skip
LAUNCH_HOPS = [
    (None, "http", "client", "api", "POST /compute/v2.1/servers", 0, 9_000),
    (1, "state", "api", "database", "create", 4_000, 1_000),
    (1, "sent", "api", "scheduler", "select_host", 6_000, 300),
    (3, "taken", "queue", "scheduler", "select_host", 7_100, 6_000),
    (4, "driver", "scheduler", "hosts", "place", 8_000, 400),
    (4, "state", "scheduler", "database", "scheduled", 9_000, 1_200),
    (4, "sent", "scheduler", "network.box1", "allocate", 11_000, 300),
    (7, "taken", "queue", "network.box1", "allocate", 12_000, 40_000),
    (8, "driver", "network", "kernel", "tap nbx-1f", 14_000, 5_000),
    (8, "driver", "network", "nftables", "apply", 20_000, 6_000),
    (8, "state", "network", "database", "wired", 48_000, 1_000),
    (8, "sent", "network", "compute.box1", "spawn", 50_000, 300),
    (12, "taken", "queue", "compute.box1", "spawn", 51_000, None),
    (13, "stream", "glance", "compute", "ami-tiny", 55_000, 800_000),
    (13, "driver", "compute", "libvirt", "define and start", 900_000, None),
]


def _hop(
    number: int, parent: int | None, kind: str, source: str, target: str, name: str,
    start_us: int, duration_us: int | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": f"h{number}", "request_id": LAUNCH, "parent_id": f"h{parent}" if parent else None,
        "kind": kind, "source": source, "target": target, "name": name,
        "status": "running" if duration_us is None else "ok",
        "started_at": int((NOW_S - 4) * 1e6) + start_us, "duration_us": duration_us,
        "bytes": 16_777_216 if kind == "stream" else None,
        "detail": {"instance": "1f000000-0000-4000-8000-000000000000"},
    }  # fmt: skip


CONSOLE = "\r\n".join(
    [f"[    0.{at:06}] booting, step {at}" for at in range(40)]
    + ["\x1b[32mlogin:\x1b[0m \x1b]0;evil title\x07ready"]
)


_HOUR_S = 3600.0


def capacity() -> dict[str, Any]:
    """Return what the cloud says of its room: the same box, and three projects."""
    guests = (
        ("web-1", 1, 512), ("web-3", 1, 512), ("ci-07", 2, 4096), ("win-lab", 1, 2048),
        ("1 of others", 1, 2048),
    )  # fmt: skip
    return {
        "hosts": [{
            "name": "box1", "is_up": True, "vcpus": 16, "vcpus_limit": 256, "vcpus_used": 6,
            "memory_mib": 16000, "memory_mib_limit": 16000, "memory_mib_used": 9216,
            "disk_gib": 400, "disk_gib_limit": 800, "disk_gib_used": 88,
            "instances": [
                {"id": name, "name": name, "vcpus": vcpus, "memory_mib": memory_mib,
                 "disk_gib": 1, "state": "others" if "others" in name else "active"}
                for name, vcpus, memory_mib in guests
            ],
        }],
        "fits": [
            {"flavor": "m1.tiny", "flavor_id": "1", "vcpus": 1, "memory_mib": 512, "disk_gib": 1,
             "count": 13, "why_not": ""},
            {"flavor": "m1.small", "flavor_id": "2", "vcpus": 1, "memory_mib": 2048,
             "disk_gib": 20, "count": 3, "why_not": ""},
            {"flavor": "m1.large", "flavor_id": "4", "vcpus": 4, "memory_mib": 8192,
             "disk_gib": 80, "count": 0, "why_not":
                 "box1: needs 8 GiB of memory, 6.6 GiB free. Delete win-lab and it fits."},
        ],
        "imagined": [],
        "quotas": [
            _quota("p1", "demo", (7, 10), (10, 20), (9216, 16384), (4, 10), (62, 200)),
            _quota("p2", "lab", (1, 10), (2, 20), (2048, 16384), (0, 10), (0, 100)),
            _quota("p3", "class-a", (8, 8), (8, -1), (4096, 10240), (0, 10), (0, 50)),
        ],
        "history": [
            {"at": _stamp(NOW_S - 24 * _HOUR_S + at * 600), "vcpus": 16, "memory_mib": 16000,
             "disk_gib": 400, "vcpus_used": 2 + at // 36, "memory_mib_used": 2048 + at * 50,
             "disk_gib_used": 40 + at // 3, "instances": 3}
            for at in range(144)
        ],
        "forecasts": [{"resource": "memory_mib", "per_day": 7200.0, "full_in_s": 81_400.0,
                       "fit": 0.99}],
    }  # fmt: skip


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def _quota(project_id: str, project: str, *pairs: tuple[int, int]) -> dict[str, Any]:
    names = ("instances", "cores", "ram", "volumes", "gigabytes")
    return {
        "project_id": project_id, "project": project,
        "resources": [
            {"resource": name, "used": used, "limit": limit}
            for name, (used, limit) in zip(names, pairs, strict=True)
        ],
    }  # fmt: skip


RUN_PLAN = {"plan": {
    "host": "box1",
    "hosts": [{"name": "box1", "is_chosen": True, "checks": [
        {"filter": "HostUpFilter", "is_passed": True, "text": "reported in lately"},
        {"filter": "CoreFilter", "is_passed": True, "text": "", "asked": 1, "free": 250,
         "limit": 256, "unit": "vCPUs"},
        {"filter": "RamFilter", "is_passed": True, "text": "", "asked": 512, "free": 6700,
         "limit": 16000, "unit": "MiB"},
        {"filter": "DiskFilter", "is_passed": True, "text": "", "asked": 1, "free": 712,
         "limit": 800, "unit": "GiB"},
    ]}],
    "count": {"asked": 1, "placed": 1},
    "quota": [
        {"resource": "instances", "used": 7, "asked": 1, "limit": 10, "is_exceeded": False},
        {"resource": "cores", "used": 10, "asked": 1, "limit": 20, "is_exceeded": False},
        {"resource": "ram", "used": 9216, "asked": 512, "limit": 16384, "is_exceeded": False},
    ],
    "image": {"is_cached": True, "size_bytes": 16_777_216, "ec2_id": "ami-00000001"},
    "refusal": None,
}}  # fmt: skip
ATTACH_PLAN = {"plan": {
    "touches": [
        {"kind": "volume", "id": "v6", "name": "backup",
         "what": "is exported, and given to web-3 as /dev/vdb"},
        {"kind": "instance", "id": "i-1f", "name": "web-3",
         "what": "gets a disk of 10 GiB, as it runs"},
    ],
    "frees_bytes": None, "is_undoable": True, "undo_s": 600, "refusal": None,
}}  # fmt: skip
DELETE_PLAN = {"plan": {
    "touches": [
        {"kind": "instance", "id": "i-1f", "name": "web-3", "what": "is switched off and gone"},
        {"kind": "disk", "id": "i-1f", "name": "its own disk, 1 GiB",
         "what": "goes with all that is on it"},
        {"kind": "volume", "id": "v1", "name": "pgdata", "what": "is detached, and kept"},
        {"kind": "port", "id": "p1", "name": "10.0.0.5", "what": "is free again"},
    ],
    "frees_bytes": 1 << 30, "is_undoable": False, "undo_s": None, "refusal": None,
}}  # fmt: skip
EXPLANATION = {"explanation": {
    "state": "ERROR",
    "summary": "No valid host was found. box1: RamFilter: 512 MiB asked, 0 free",
    "reasons": [{"what": "box1 RamFilter", "text": "512 MiB asked, 0 free", "asked": 512,
                 "free": 0, "limit": 16000, "unit": "MiB"}],
    "advice": ["It would fit on box1 now: run it again.",
               "When that is mended, delete this instance and run it again."],
    "request_id": LAUNCH,
}}  # fmt: skip


def _part(label: str, word: str, meaning: str = "good", detail: str = "", **more: Any) -> Any:
    return {"label": label, "word": word, "meaning": meaning, "detail": detail, **more}


_WEB_1 = "1d000000-0000-4000-8000-000000000000"
XRAY = _part(
    "web-1", "active", detail=f"requested by demo/demo  {LAUNCH}", kind="instance", id=_WEB_1,
    children=[
        _part("process", "does not match", "failed", "pid 4127  1 vCPU  1024 MiB  PSS 212.0 MiB",
              mismatch="the row says 512 MiB, the guest has 1024 MiB; a stop and a start make it "
              "as the row says"),
        _part("disk vda", "there", detail=f"compute/instances/{_WEB_1}/disk  41.0 MiB of 1 GiB",
              children=[_part("base", "there", detail="compute/images/c177  shared with 2",
                              children=[_part("image ami-tiny", "active", kind="image",
                                              id=_IMAGE["id"])])]),
        _part("volume scratch", "attaching", "busy", "10 GiB  /dev/vdc", kind="volume",
              id="05000000-0000-4000-8000-00000000v01d", children=[
                  _part("bytes", "there", detail="volumes/nbx-05  10.0 GiB"),
                  _part("export", "unknown", "unknown", "volume.box1 did not answer volumes")]),
        _part("nic nbx-t-4a100000", "up", detail="fa:16:3e:00:00:01  nbx-b-6e310000", kind="port",
              id="4a100000-0000-4000-8000-000000000000", children=[
                  _part("fixed ip 10.0.0.3", "leased", detail="until 2026-09-22 14:03 UTC")]),
        _part("nft rules", "loaded", detail="digest 91e2aa00"),
        _part("group default", "3 rules", detail="lets in tcp 22, icmp", kind="security_group",
              id="g1"),
        _part("key test", "there", kind="key_pair", id="u1/test"),
        _part("db row", "there", detail="instances  vm_state=active  host=box1"),
        _part("queue", "empty", detail="nothing waits for it"),
    ],
)  # fmt: skip
PATH = {
    "checks": [
        {"what": "runs", "is_passed": True, "text": "web-1 is active"},
        {"what": "port", "is_passed": None, "text": "network.box1 did not answer wiring"},
        {"what": "egress", "is_passed": True, "text": "group default lets out anything"},
        {"what": "bridge", "is_passed": True, "text": "both are on nbx-b-6e310000"},
        {"what": "runs", "is_passed": True, "text": "ci-07 is active"},
        {"what": "lease", "is_passed": True, "text": "ci-07 has taken 10.0.0.9"},
        {"what": "ingress", "is_passed": False,
         "text": "group web: no ingress rule lets tcp 80 from 10.0.0.3"},
    ],
    "fix": {"text": "a rule in group web to let in tcp 80 from group default",
            "rule": {"security_group_id": "g2", "direction": "ingress", "ethertype": "IPv4",
                     "protocol": "tcp", "port_range_min": 80, "port_range_max": 80,
                     "remote_group_id": "g1", "remote_ip_prefix": None}},
}  # fmt: skip
