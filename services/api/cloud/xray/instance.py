"""An instance, down to its process, files, taps, leases, volumes, rules and row."""

from appliance import errors
from appliance.db import images, instances, key_pairs, ports, projects, security_groups, users
from appliance.db import volumes as volumes_db
from appliance.model.instance import Instance
from appliance.model.security_group import Rule, SecurityGroup
from appliance.model.states import VmState
from services.api.cloud.xray import parts, volume
from services.api.cloud.xray.looks import Json, Look
from services.api.cloud.xray.node import Node, checked, size, unknown
from services.api.cloud.xray.parts import Sources

_ON = ("running", "paused", "suspended")


def tree(at: Sources, instance_id: str) -> Node:
    """Everything that the instance is made of. Raises NotFound."""
    row = instances.get(at.db, instance_id)
    word, meaning = parts.status(row)
    fault = instances.fault(at.db, row.id) if row.vm_state is VmState.ERROR else None
    look = at.looks.guests(row.host, row.id) if row.host else Look(reason="it has no host")
    return Node(
        label=row.name, word=word, meaning=meaning, kind="instance", id=row.id,
        detail=fault.message if fault else _asked_by(at, row),
        children=(
            *(_on_host(at, row, look) if row.host else (_nowhere(row),)),
            *(_volume(at, row, one, look) for one in volumes_db.of_instance(at.db, row.id)),
            *_nics(at, row),
            *_groups(at, row),
            *_key(at, row),
            parts.row(
                "instances", vm_state=row.vm_state, task_state=row.task_state, host=row.host,
                updated_at=row.updated_at, request_id=row.request_id,
            ),
            parts.waiting(at.queue, row.id),
        ),
    )  # fmt: skip


def _asked_by(at: Sources, row: Instance) -> str:
    project, user = projects.find(at.db, row.project_id), users.find(at.db, row.user_id)
    who = f"{project.name if project else '?'}/{user.name if user else '?'}"
    return f"requested by {who}  {row.request_id}  {row.created_at}"


def _nowhere(row: Instance) -> Node:
    return Node(
        label="host", word="none", meaning="off" if row.task_state is None else "busy",
        detail="no host was chosen: it has no process and no disk",
    )  # fmt: skip


def _on_host(at: Sources, row: Instance, look: Look) -> tuple[Node, ...]:
    if look.value is None:
        return (unknown("process", look.reason), unknown("disk", look.reason))
    guest = look.part("guests", row.id) or {}
    made = [_process(row, guest.get("domain"))]
    if guest.get("disk"):
        made.append(_disk(at, row, guest["disk"]))
    if row.has_config_drive:
        made.append(_file(row, "config drive", guest.get("config_drive")))
    if row.launched_at:
        made.append(_file(row, "console log", guest.get("console_log")))
    return tuple(made)


def _process(row: Instance, domain: Json | None) -> Node:
    is_changing = row.task_state is not None
    if domain is None:
        wants = row.vm_state in (VmState.ACTIVE, VmState.STOPPED)
        text = "the hypervisor has no such domain; start or hard-reboot the instance"
        if wants:
            return checked("process", text, is_changing=is_changing)
        return Node(label="process", word="none", meaning="off", detail="no domain is defined")
    words = [f"{domain['vcpus']} vCPU", f"{domain['memory_mib']} MiB"]
    if domain["pid"]:
        words.insert(0, f"pid {domain['pid']}")
    if domain["pss_kib"]:
        words.append(f"PSS {size(domain['pss_kib'] << 10)}")
    node = checked(
        "process", _process_mismatch(row, domain), is_changing=is_changing,
        word=domain["state"], detail="  ".join(words),
    )  # fmt: skip
    is_off = node.meaning == "good" and domain["state"] not in _ON
    return node if not is_off else Node(
        label="process", word="none", meaning="off", detail=f"{domain['state']}; {node.detail}"
    )  # fmt: skip


def _process_mismatch(row: Instance, domain: Json) -> str:
    is_on = domain["state"] in _ON
    if row.vm_state is VmState.ACTIVE and not is_on:
        return f"the row says active, the guest is {domain['state']}"
    if row.vm_state is VmState.STOPPED and is_on:
        return f"the row says stopped, the guest is {domain['state']}"
    if is_on and domain["has_processes"] and not domain["pid"]:
        return f"the guest is {domain['state']} and no QEMU process of its name is there"
    for name, unit, wanted in (("memory_mib", "MiB", row.memory_mib), ("vcpus", "vCPU", row.vcpus)):
        if domain[name] != wanted:
            return (
                f"the row says {wanted} {unit}, the guest has {domain[name]} {unit}; a stop and a "
                "start make it as the row says"
            )
    return ""


def _disk(at: Sources, row: Instance, disk: Json) -> Node:
    label = "disk vda"
    if not disk["file"]["is_there"]:
        text = f"{disk['file']['path']} is not there"
        return checked(label, text if row.launched_at else "", is_changing=_is_made(row))
    mismatch = ""
    if disk["is_backing_known"] and not disk["is_backing_right"]:
        mismatch = f"it is laid over {disk['backing'] or 'nothing'}, not {disk['base']['path']}"
    return checked(
        label, mismatch, is_changing=_is_made(row),
        detail=f"{disk['file']['path']}  {size(disk['file']['used_bytes'])} of {row.disk_gib} GiB",
        children=[_base(at, row, disk["base"])],
    )  # fmt: skip


def _base(at: Sources, row: Instance, base: Json) -> Node:
    others = sum(
        other.image_id == row.image_id
        for other in instances.on_host(at.db, row.host or "")
        if other.id != row.id
    )
    return checked(
        "base", "" if base["is_there"] else f"{base['path']} is not there: the guest has lost its "
        "disk; bring the image back and hard-reboot",
        is_changing=_is_made(row),
        detail=f"{base['path']}  {size(base['used_bytes'])}  shared with {others} other instances",
        children=_image(at, row.image_id),
    )  # fmt: skip


def _image(at: Sources, image_id: str | None) -> list[Node]:
    try:
        found = images.get(at.db, image_id or "")
    except errors.NotFound:
        return []
    if found.deleted_at:
        return [Node(label=f"image {found.name}", word="deleted", meaning="off", id=found.id)]
    return [
        Node(
            label=f"image {found.name}", word=str(found.status), kind="image", id=found.id,
            meaning="good" if found.status == "active" else "attention",
        )
    ]  # fmt: skip


def _file(row: Instance, label: str, found: Json | None) -> Node:
    if found is None:
        return unknown(label, "the worker did not tell")
    mismatch = "" if found["is_there"] else f"{found['path']} is not there"
    return checked(
        label, mismatch, is_changing=_is_made(row),
        detail=f"{found['path']}  {size(found['used_bytes'])}",
    )  # fmt: skip


def _is_made(row: Instance) -> bool:
    """Whether its files may come or go just now."""
    return row.task_state is not None or row.vm_state is VmState.ERROR


def _volume(at: Sources, row: Instance, found: volume.Volume, look: Look) -> Node:
    node = volume.part(at, found)
    domain = look.part("guests", row.id, "domain")
    is_in = domain is not None and found.id in domain["volumes"]
    if domain is None or is_in or found.status != "in-use" or row.task_state is not None:
        return node
    return checked(
        node.label, "the row says that the guest has it, and the guest has not; detach and attach "
        "it again",
        children=node.children, kind="volume", object_id=found.id,
    )  # fmt: skip


def _nics(at: Sources, row: Instance) -> list[Node]:
    found = ports.of_instance(at.db, row.id)
    is_changing = row.task_state is not None
    nics = [
        parts.nic(port, at.looks.wiring(port.host or ""), is_changing=is_changing)
        if port.host
        else parts.nic(port, Look(), is_changing=is_changing)
        for port in found
    ]
    hosts = {port.host for port in found if port.host}
    return [*nics, *(parts.rules(at.looks.wiring(one), is_changing=is_changing) for one in hosts)]


def _groups(at: Sources, row: Instance) -> list[Node]:
    ids = dict.fromkeys(
        one for port in ports.of_instance(at.db, row.id) for one in port.security_group_ids
    )
    return [_group(at, security_groups.get(at.db, one)) for one in ids]


def _group(at: Sources, group: SecurityGroup) -> Node:
    lines = [_rule(at, rule) for rule in group.rules if rule.direction == "ingress"]
    lines = [line for line in dict.fromkeys(lines) if line]
    return Node(
        label=f"group {group.name}", word=f"{len(group.rules)} rules", kind="security_group",
        id=group.id, detail="lets in " + ", ".join(lines) if lines else "lets nothing in",
    )  # fmt: skip


def _rule(at: Sources, rule: Rule) -> str:
    if rule.ethertype != "IPv4":
        return ""
    port_words = "" if rule.port_min is None else f" {rule.port_min}"
    if rule.port_max not in (None, rule.port_min):
        port_words += f"-{rule.port_max}"
    where = rule.remote_cidr or ""
    if rule.remote_group_id:
        where = f"group {security_groups.get(at.db, rule.remote_group_id).name}"
    return f"{rule.protocol or 'any'}{port_words}" + (f" from {where}" if where else "")


def _key(at: Sources, row: Instance) -> list[Node]:
    if not row.key_name:
        return []
    try:
        key_pairs.get(at.db, row.user_id, row.key_name)
    except errors.NotFound:
        text = "the key pair is deleted; the instance keeps the public key it was made with"
        return [Node(label=f"key {row.key_name}", word="deleted", meaning="off", detail=text)]
    key_id = f"{row.user_id}/{row.key_name}"
    return [Node(label=f"key {row.key_name}", word="there", kind="key_pair", id=key_id)]
