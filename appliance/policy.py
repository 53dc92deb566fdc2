"""Who may do what: one table from a rule to the least role that may; nothing else decides.

Rules carry the names that Nova, Neutron, Glance and Keystone give them. Which rows a caller may see
is not decided here: tables are read with the caller's project (`get_visible`, `of_project`).

A role counts where the token has it: on a project, on a domain, or on the system. Who is `admin`
anywhere may everything (Keystone's rule `admin_required`).
"""

import functools
from dataclasses import dataclass
from typing import Final

from appliance import context, errors

READER: Final = "reader"
MEMBER: Final = "member"
MANAGER: Final = "manager"
ADMIN: Final = "admin"
SERVICE: Final = "service"
RESELLER_ADMIN: Final = "ResellerAdmin"  # Swift's: everything in every account, nothing elsewhere

# a role → the roles it implies, itself included (Keystone's default role hierarchy)
IMPLIED: Final[dict[str, frozenset[str]]] = {
    ADMIN: frozenset({ADMIN, MANAGER, MEMBER, READER, SERVICE}),
    MANAGER: frozenset({MANAGER, MEMBER, READER}),
    MEMBER: frozenset({MEMBER, READER}),
    READER: frozenset({READER}),
    SERVICE: frozenset({SERVICE, READER}),
    RESELLER_ADMIN: frozenset({RESELLER_ADMIN}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The least role that may, by what the caller's token is for; None: no such token may, but an
    admin's.
    """

    project: str | None = None
    domain: str | None = None  # and what it acts on is in that domain
    system: str | None = None
    is_owners: bool = False  # whether anybody may, with whatever token, to what is its own
    is_everybodys: bool = False  # whether any token will do


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
    "os_compute_api:os-remote-consoles": MEMBER,
    "os_compute_api:os-server-diagnostics": ADMIN,
    "os_compute_api:os-extended-server-attributes": ADMIN,
    "os_compute_api:server-metadata:create": MEMBER,
    "os_compute_api:os-keypairs:index": READER,
    "os_compute_api:os-keypairs:create": READER,  # a key pair is its user's, not the project's
    "os_compute_api:os-keypairs:delete": READER,
    "os_compute_api:os-flavor-manage:list": READER,
    "os_compute_api:limits": READER,
    "os_compute_api:os-quota-sets:update": ADMIN,
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
    "volume_extension:quotas:update": ADMIN,
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
    "update_quota": ADMIN,
}
_IMAGE: Final = {
    "get_image": READER,
    "get_images": READER,
    "add_image": MEMBER,
    "publicize_image": ADMIN,
    "communitize_image": MEMBER,
    "modify_image": MEMBER,
    "upload_image": MEMBER,
    "stage_image": MEMBER,
    "import_image": MEMBER,
    "copy_image": ADMIN,
    "download_image": READER,
    "delete_image": MEMBER,
    "deactivate": MEMBER,
    "reactivate": MEMBER,
    "get_members": READER,
    "get_member": READER,
    "add_member": MEMBER,
    "modify_member": MEMBER,
    "delete_member": MEMBER,
    "set_image_location": MEMBER,  # where `image.show_locations` is on; an admin always
    "delete_image_location": ADMIN,
    "get_task": READER,
    "get_tasks": READER,
    "add_task": ADMIN,
    "stores_info_detail": ADMIN,
    "get_metadef_namespaces": READER,
    "get_metadef_namespace": READER,
    "get_metadef_members": READER,
    "get_metadef_resource_types": READER,
    "add_metadef_namespace": ADMIN,
    "modify_metadef_namespace": ADMIN,
    "delete_metadef_namespace": ADMIN,
    "modify_metadef_members": ADMIN,
    "modify_metadef_resource_types": ADMIN,
}
_ADMINS: Final = Rule()
_EVERYBODY: Final = Rule(is_everybodys=True)
_OWN: Final = Rule(is_owners=True)
_READ_OWN: Final = Rule(is_owners=True, system=READER)
_READ: Final = Rule(system=READER)
_READ_IN_DOMAIN: Final = Rule(system=READER, domain=READER)
_READ_OWN_OR_IN_DOMAIN: Final = Rule(system=READER, domain=READER, is_owners=True)
_WRITE_IN_DOMAIN: Final = Rule(domain=MANAGER)

# Keystone's names and default rules (keystone/common/policies, 2025.1)
_IDENTITY: Final = {
    "identity:validate_token": Rule(system=READER, project=SERVICE, is_owners=True),
    "identity:revoke_token": Rule(project=SERVICE, is_owners=True),
    "identity:get_auth_catalog": _EVERYBODY,
    "identity:get_auth_projects": _EVERYBODY,
    "identity:get_auth_domains": _EVERYBODY,
    "identity:get_auth_system": _EVERYBODY,
    "identity:get_domain": Rule(system=READER, domain=READER, is_owners=True),  # own: the token's
    "identity:list_domains": _READ_IN_DOMAIN,
    "identity:create_domain": _ADMINS,
    "identity:update_domain": _ADMINS,
    "identity:delete_domain": _ADMINS,
    "identity:get_project": _READ_OWN_OR_IN_DOMAIN,  # own: the project that the token is for
    "identity:list_projects": _READ_IN_DOMAIN,
    "identity:list_user_projects": _READ_OWN_OR_IN_DOMAIN,
    "identity:create_project": _WRITE_IN_DOMAIN,
    "identity:update_project": _WRITE_IN_DOMAIN,
    "identity:delete_project": _WRITE_IN_DOMAIN,
    "identity:list_project_tags": _READ_OWN_OR_IN_DOMAIN,
    "identity:update_project_tags": _WRITE_IN_DOMAIN,
    "identity:get_user": _READ_OWN_OR_IN_DOMAIN,
    "identity:list_users": _READ_IN_DOMAIN,
    "identity:create_user": _WRITE_IN_DOMAIN,
    "identity:update_user": _WRITE_IN_DOMAIN,
    "identity:delete_user": _WRITE_IN_DOMAIN,
    "identity:get_group": _READ_IN_DOMAIN,
    "identity:list_groups": _READ_IN_DOMAIN,
    "identity:list_groups_for_user": _READ_OWN_OR_IN_DOMAIN,
    "identity:create_group": _WRITE_IN_DOMAIN,
    "identity:update_group": _WRITE_IN_DOMAIN,
    "identity:delete_group": _WRITE_IN_DOMAIN,
    "identity:list_users_in_group": _READ_IN_DOMAIN,
    "identity:check_user_in_group": _READ_OWN_OR_IN_DOMAIN,
    "identity:add_user_to_group": _WRITE_IN_DOMAIN,
    "identity:remove_user_from_group": _WRITE_IN_DOMAIN,
    "identity:get_role": Rule(system=READER, domain=MANAGER),
    "identity:list_roles": Rule(system=READER, domain=MANAGER),
    "identity:create_role": _ADMINS,
    "identity:update_role": _ADMINS,
    "identity:delete_role": _ADMINS,
    "identity:get_implied_role": _READ,
    "identity:list_role_inference_rules": _READ,
    "identity:create_implied_role": _ADMINS,
    "identity:delete_implied_role": _ADMINS,
    "identity:check_grant": _READ_IN_DOMAIN,
    "identity:list_grants": _READ_IN_DOMAIN,
    "identity:create_grant": _WRITE_IN_DOMAIN,  # never of the role admin, but by an admin
    "identity:revoke_grant": _WRITE_IN_DOMAIN,
    "identity:list_system_grants": _READ,
    "identity:create_system_grant": _ADMINS,
    "identity:revoke_system_grant": _ADMINS,
    "identity:list_role_assignments": Rule(system=READER, domain=READER, is_owners=True),
    "identity:get_region": _EVERYBODY,
    "identity:list_regions": _EVERYBODY,
    "identity:create_region": _ADMINS,
    "identity:update_region": _ADMINS,
    "identity:delete_region": _ADMINS,
    "identity:get_service": _READ,
    "identity:list_services": _READ,
    "identity:create_service": _ADMINS,
    "identity:update_service": _ADMINS,
    "identity:delete_service": _ADMINS,
    "identity:get_endpoint": _READ,
    "identity:list_endpoints": _READ,
    "identity:create_endpoint": _ADMINS,
    "identity:update_endpoint": _ADMINS,
    "identity:delete_endpoint": _ADMINS,
    "identity:get_registered_limit": _EVERYBODY,
    "identity:list_registered_limits": _EVERYBODY,
    "identity:create_registered_limit": _ADMINS,
    "identity:update_registered_limit": _ADMINS,
    "identity:delete_registered_limit": _ADMINS,
    "identity:get_limit_model": _EVERYBODY,
    "identity:get_limit": _READ_OWN_OR_IN_DOMAIN,  # own: of the project or domain of the token
    "identity:list_limits": _EVERYBODY,  # of its own project or domain, others' are not shown
    "identity:create_limit": _ADMINS,
    "identity:update_limit": _ADMINS,
    "identity:delete_limit": _ADMINS,
    "identity:get_policy": _READ,
    "identity:list_policies": _READ,
    "identity:create_policy": _ADMINS,
    "identity:update_policy": _ADMINS,
    "identity:delete_policy": _ADMINS,
    "identity:get_credential": _READ_OWN,
    "identity:list_credentials": _READ_OWN,
    "identity:create_credential": _OWN,
    "identity:update_credential": _OWN,
    "identity:delete_credential": _OWN,
    "identity:ec2_get_credential": _READ_OWN,
    "identity:ec2_list_credentials": _READ_OWN,
    "identity:ec2_create_credential": _OWN,
    "identity:ec2_delete_credential": _OWN,
    "identity:ec2_create_token": Rule(project=SERVICE),  # of whoever signed
    "identity:get_application_credential": _READ_OWN,
    "identity:list_application_credentials": _READ_OWN,
    "identity:create_application_credential": _OWN,
    "identity:delete_application_credential": _OWN,
    "identity:get_access_rule": _READ_OWN,
    "identity:list_access_rules": _READ_OWN,
    "identity:delete_access_rule": _OWN,
    "identity:get_trust": _READ_OWN,
    "identity:list_trusts": _READ,
    "identity:list_trusts_of_user": _READ_OWN,  # own: as trustor or as trustee
    "identity:create_trust": _OWN,
    "identity:delete_trust": _OWN,
}
_OBJECT_STORE: Final = {
    "object_store:read": READER,
    "object_store:write": MEMBER,
    "object_store:delete_account": ADMIN,
    "object_store:any_account": SERVICE,
    "object_store:reseller_admin": RESELLER_ADMIN,  # sets the quotas of accounts, too
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
    "novabox:explain": READER,
    "novabox:get_capacity": READER,
    "novabox:xray": READER,  # of what is one's own to see
    "novabox:fsck": ADMIN,
    "novabox:check_path": READER,  # from or to what is one's own
    "novabox:read_console": MEMBER,  # what a guest prints may be a password
    "novabox:write_console": MEMBER,
    "novabox:list_journal": READER,  # of one's own project; an admin of all
    "novabox:undo": MEMBER,  # and what the inverse verb asks for
    "novabox:get_messages": ADMIN,
    "novabox:control_topic": ADMIN,
    "novabox:control_message": ADMIN,
    "novabox:control_service": ADMIN,
    "novabox:get_log": ADMIN,
}

_BY_ROLE: Final = _COMPUTE | _VOLUME | _NETWORK | _IMAGE | _OBJECT_STORE | _EC2 | _CLOUD

RULES: Final[dict[str, Rule]] = {
    name: Rule(project=role) for name, role in _BY_ROLE.items()
} | _IDENTITY


def allows(
    ctx: context.RequestContext, rule: str, *, domain_id: str = "", owner_id: str = ""
) -> bool:
    """Whether the caller `ctx` may do what `rule` names.

    `domain_id` is the domain of what it is done to; `owner_id` the user (or project, or domain) it
    belongs to, where the rule says that its owner may.
    """
    wanted = RULES[rule]
    if ctx.is_system or wanted.is_everybodys or ADMIN in ctx.roles:
        return True
    if wanted.is_owners and owner_id and owner_id in (ctx.user_id, ctx.project_id, ctx.domain_id):
        return True
    if ctx.is_system_scoped:
        return _has(ctx, wanted.system)
    if ctx.domain_id:
        return domain_id == ctx.domain_id and _has(ctx, wanted.domain)
    return _has(ctx, wanted.project)


def check(
    ctx: context.RequestContext, rule: str, *, domain_id: str = "", owner_id: str = ""
) -> None:
    """Raise Forbidden, in Nova's words, when `ctx` may not do what `rule` names."""
    if not allows(ctx, rule, domain_id=domain_id, owner_id=owner_id):
        raise errors.Forbidden(f"Policy doesn't allow {rule} to be performed.")


def _has(ctx: context.RequestContext, wanted: str | None) -> bool:
    return wanted in _implied(ctx.roles)


@functools.lru_cache(maxsize=256)
def _implied(roles: frozenset[str]) -> frozenset[str]:
    """All that these roles imply."""
    return frozenset().union(*(IMPLIED.get(role, ()) for role in roles))
