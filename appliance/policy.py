"""Who may do what: one table from a rule to the least role that may; nothing else decides.

Rules carry the names that Nova, Neutron, Glance and Keystone give them. Which rows a caller may see
is not decided here: tables are read with the caller's project (`get_visible`, `of_project`).
"""

from typing import Final

from appliance import context, errors

READER: Final = "reader"
MEMBER: Final = "member"
ADMIN: Final = "admin"
SERVICE: Final = "service"

# a role → the roles it implies, itself included (Keystone's default role hierarchy)
IMPLIED: Final[dict[str, frozenset[str]]] = {
    ADMIN: frozenset({ADMIN, MEMBER, READER, SERVICE}),
    MEMBER: frozenset({MEMBER, READER}),
    READER: frozenset({READER}),
    SERVICE: frozenset({SERVICE, READER}),
}

_COMPUTE: Final = {
    "os_compute_api:servers:index": READER,
    "os_compute_api:servers:index:get_all_tenants": ADMIN,
    "os_compute_api:servers:show": READER,
    "os_compute_api:servers:create": MEMBER,
    "os_compute_api:servers:update": MEMBER,
    "os_compute_api:servers:delete": MEMBER,
    "os_compute_api:servers:start": MEMBER,
    "os_compute_api:servers:stop": MEMBER,
    "os_compute_api:servers:reboot": MEMBER,
    "os_compute_api:os-console-output": MEMBER,
    "os_compute_api:os-extended-server-attributes": ADMIN,
    "os_compute_api:server-metadata:create": MEMBER,
    "os_compute_api:os-keypairs:index": READER,
    "os_compute_api:os-keypairs:create": READER,  # a key pair is its user's, not the project's
    "os_compute_api:os-keypairs:delete": READER,
    "os_compute_api:os-flavor-manage:list": READER,
    "os_compute_api:limits": READER,
    "os_compute_api:os-services:list": ADMIN,
    "os_compute_api:os-hypervisors:list": ADMIN,
    "os_compute_api:os-availability-zone:list": READER,
    "os_compute_api:os-availability-zone:detail": ADMIN,
}
_VOLUME: Final = {
    "volume:get_all": READER,
    "volume:get_all:all_tenants": ADMIN,
    "volume:get": READER,
    "volume:create": MEMBER,
    "volume:update": MEMBER,
    "volume:delete": MEMBER,
    "volume:extend": MEMBER,
    "volume:create_volume_metadata": MEMBER,
    "volume:get_all_snapshots": READER,
    "volume:get_snapshot": READER,
    "volume:create_snapshot": MEMBER,
    "volume:update_snapshot": MEMBER,
    "volume:delete_snapshot": MEMBER,
    "volume_extension:types:get": READER,
    "volume_extension:quotas:show": READER,
    "volume_extension:services:index": ADMIN,
    "limits_extension:used_limits": READER,
    "os_compute_api:os-volumes-attachments:index": READER,
    "os_compute_api:os-volumes-attachments:create": MEMBER,
    "os_compute_api:os-volumes-attachments:delete": MEMBER,
}
_NETWORK: Final = {
    "get_network": READER,
    "create_network": MEMBER,
    "create_network:shared": ADMIN,
    "update_network": MEMBER,
    "delete_network": MEMBER,
    "get_subnet": READER,
    "create_subnet": MEMBER,
    "delete_subnet": MEMBER,
    "get_port": READER,
    "create_port": MEMBER,
    "update_port": MEMBER,
    "delete_port": MEMBER,
    "get_security_group": READER,
    "create_security_group": MEMBER,
    "update_security_group": MEMBER,
    "delete_security_group": MEMBER,
    "get_security_group_rule": READER,
    "create_security_group_rule": MEMBER,
    "delete_security_group_rule": MEMBER,
    "get_quota": READER,
}
_IMAGE: Final = {
    "get_image": READER,
    "get_images": READER,
    "add_image": MEMBER,
    "publicize_image": ADMIN,
    "modify_image": MEMBER,
    "upload_image": MEMBER,
    "download_image": READER,
    "delete_image": MEMBER,
}
_IDENTITY: Final = {
    "identity:ec2_create_credential": READER,  # of one's own; an admin for all
    "identity:ec2_get_credential": READER,
    "identity:ec2_list_credentials": READER,
    "identity:ec2_delete_credential": READER,
    "identity:list_projects": ADMIN,
    "identity:create_project": ADMIN,
    "identity:update_project": ADMIN,
    "identity:delete_project": ADMIN,
    "identity:list_users": ADMIN,
    "identity:create_user": ADMIN,
    "identity:update_user": ADMIN,
    "identity:delete_user": ADMIN,
    "identity:list_roles": READER,
    "identity:create_grant": ADMIN,
    "identity:list_role_assignments": ADMIN,
}
_OBJECT_STORE: Final = {
    "object_store:read": READER,
    "object_store:write": MEMBER,
    "object_store:delete_account": ADMIN,
    "object_store:any_account": SERVICE,  # Swift's ResellerAdmin
}
_EC2: Final = {
    "ec2:describe_tags": READER,
    "ec2:create_tags": MEMBER,
    "ec2:delete_tags": MEMBER,
}
_CLOUD: Final = {
    "novabox:follow_events": READER,
    "novabox:list_hops": READER,  # of one's own requests; an admin of all
    "novabox:list_services": READER,
    "novabox:get_status": READER,
    "novabox:get_messages": ADMIN,
    "novabox:control_topic": ADMIN,
}

RULES: Final[dict[str, str]] = (
    _COMPUTE | _VOLUME | _NETWORK | _IMAGE | _IDENTITY | _OBJECT_STORE | _EC2 | _CLOUD
)


def allows(ctx: context.RequestContext, rule: str) -> bool:
    """Whether a caller with the roles of `ctx` may do what `rule` names."""
    wanted = RULES[rule]
    return ctx.is_system or any(wanted in IMPLIED.get(role, ()) for role in ctx.roles)


def check(ctx: context.RequestContext, rule: str) -> None:
    """Raise Forbidden, in Nova's words, when `ctx` may not do what `rule` names."""
    if not allows(ctx, rule):
        raise errors.Forbidden(f"Policy doesn't allow {rule} to be performed.")
