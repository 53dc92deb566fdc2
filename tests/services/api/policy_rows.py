"""Who may do what, line by line: the table that the policy is held to, over HTTP.

A line: the rule, the request, its body, and who may: a(dmin), m(ember of a project), r(eader of
one), n(obody: a user without roles), s(ystem reader), d(omain manager of Default). `$me` is who
asks; `$user`, `$project`, … are others' and new.
"""

from typing import Any, Final

ADMIN: Final = "a"
READ: Final = "as"
READ_IN_DOMAIN: Final = "asd"
WRITE_IN_DOMAIN: Final = "ad"
MEMBERS: Final = "am"
READERS: Final = "amr"
ALL: Final = "amrnsd"

Line = tuple[str, str, Any, str]

_TRUST: Final = {"trustee_user_id": "$user", "impersonation": False}
_APPLICATION: Final = {"application_credential": {"name": "$new"}}
_CREDENTIAL: Final = {"type": "cert", "blob": "x"}

TOKENS: Final[tuple[Line, ...]] = (
    ("validate_token", "GET /v3/auth/tokens $other_token", None, READ),
    ("validate_token", "GET /v3/auth/tokens $own_token", None, ALL),
    ("revoke_token", "DELETE /v3/auth/tokens $other_token", None, ADMIN),
    ("revoke_token", "DELETE /v3/auth/tokens $own_token", None, ALL),
    ("get_auth_catalog", "GET /v3/auth/catalog", None, "amrsd"),  # an unscoped token has none
    ("get_auth_projects", "GET /v3/auth/projects", None, ALL),
    ("get_auth_domains", "GET /v3/auth/domains", None, ALL),
    ("get_auth_system", "GET /v3/auth/system", None, ALL),
)
PLACES: Final[tuple[Line, ...]] = (
    ("get_domain", "GET /v3/domains/$domain", None, READ),
    ("get_domain", "GET /v3/domains/default", None, ALL),
    ("list_domains", "GET /v3/domains", None, READ_IN_DOMAIN),
    ("create_domain", "POST /v3/domains", {"domain": {"name": "$new"}}, ADMIN),
    ("update_domain", "PATCH /v3/domains/$domain", {"domain": {"description": "x"}}, ADMIN),
    ("delete_domain", "DELETE /v3/domains/$domain", None, ADMIN),
    ("get_project", "GET /v3/projects/$project", None, READ_IN_DOMAIN),
    ("get_project", "GET /v3/projects/$mine", None, "amrsd"),
    ("list_projects", "GET /v3/projects", None, READ_IN_DOMAIN),
    ("list_user_projects", "GET /v3/users/$user/projects", None, READ_IN_DOMAIN),
    ("list_user_projects", "GET /v3/users/$me/projects", None, ALL),
    ("create_project", "POST /v3/projects", {"project": {"name": "$new"}}, WRITE_IN_DOMAIN),
    ("update_project", "PATCH /v3/projects/$project", {"project": {}}, WRITE_IN_DOMAIN),
    ("delete_project", "DELETE /v3/projects/$project", None, WRITE_IN_DOMAIN),
    ("list_project_tags", "GET /v3/projects/$project/tags", None, READ_IN_DOMAIN),
    ("update_project_tags", "PUT /v3/projects/$project/tags", {"tags": ["x"]}, WRITE_IN_DOMAIN),
    ("get_region", "GET /v3/regions/RegionOne", None, ALL),
    ("list_regions", "GET /v3/regions", None, ALL),
    ("create_region", "POST /v3/regions", {"region": {}}, ADMIN),
    ("update_region", "PATCH /v3/regions/$region", {"region": {}}, ADMIN),
    ("delete_region", "DELETE /v3/regions/$region", None, ADMIN),
    ("get_service", "GET /v3/services/$service", None, READ),
    ("list_services", "GET /v3/services", None, READ),
    ("create_service", "POST /v3/services", {"service": {"type": "x"}}, ADMIN),
    ("update_service", "PATCH /v3/services/$service", {"service": {}}, ADMIN),
    ("delete_service", "DELETE /v3/services/$service", None, ADMIN),
    ("get_endpoint", "GET /v3/endpoints/$endpoint", None, READ),
    ("list_endpoints", "GET /v3/endpoints", None, READ),
    (
        "create_endpoint", "POST /v3/endpoints",
        {"endpoint": {"service_id": "$service", "interface": "public", "url": "http://x"}}, ADMIN,
    ),
    ("update_endpoint", "PATCH /v3/endpoints/$endpoint", {"endpoint": {}}, ADMIN),
    ("delete_endpoint", "DELETE /v3/endpoints/$endpoint", None, ADMIN),
    ("get_policy", "GET /v3/policies/$policy", None, READ),
    ("list_policies", "GET /v3/policies", None, READ),
    ("create_policy", "POST /v3/policies", {"policy": {"type": "x", "blob": "y"}}, ADMIN),
    ("update_policy", "PATCH /v3/policies/$policy", {"policy": {"blob": "z"}}, ADMIN),
    ("delete_policy", "DELETE /v3/policies/$policy", None, ADMIN),
    ("get_registered_limit", "GET /v3/registered_limits/$registered_limit", None, ALL),
    ("list_registered_limits", "GET /v3/registered_limits", None, ALL),
    (
        "create_registered_limit", "POST /v3/registered_limits",
        {"registered_limits": [
            {"service_id": "$service", "resource_name": "x", "default_limit": 1}
        ]}, ADMIN,
    ),
    (
        "update_registered_limit", "PATCH /v3/registered_limits/none",
        {"registered_limit": {"default_limit": 2}}, ADMIN,
    ),
    ("delete_registered_limit", "DELETE /v3/registered_limits/none", None, ADMIN),
    ("get_limit_model", "GET /v3/limits/model", None, ALL),
    ("get_limit", "GET /v3/limits/$limit", None, READ_IN_DOMAIN),
    ("get_limit", "GET /v3/limits/$own_limit", None, "amrsd"),
    ("list_limits", "GET /v3/limits", None, ALL),
    (
        "create_limit", "POST /v3/limits",
        {"limits": [{
            "service_id": "$metered", "resource_name": "x", "resource_limit": 1,
            "project_id": "$project",
        }]}, ADMIN,
    ),
    ("update_limit", "PATCH /v3/limits/none", {"limit": {"resource_limit": 2}}, ADMIN),
    ("delete_limit", "DELETE /v3/limits/none", None, ADMIN),
)  # fmt: skip
PEOPLE: Final[tuple[Line, ...]] = (
    ("get_user", "GET /v3/users/$user", None, READ_IN_DOMAIN),
    ("get_user", "GET /v3/users/$me", None, ALL),
    ("list_users", "GET /v3/users", None, READ_IN_DOMAIN),
    ("create_user", "POST /v3/users", {"user": {"name": "$new"}}, WRITE_IN_DOMAIN),
    ("update_user", "PATCH /v3/users/$user", {"user": {}}, WRITE_IN_DOMAIN),
    ("update_user", "PATCH /v3/users/$me", {"user": {}}, WRITE_IN_DOMAIN),
    ("delete_user", "DELETE /v3/users/$user", None, WRITE_IN_DOMAIN),
    ("get_group", "GET /v3/groups/$group", None, READ_IN_DOMAIN),
    ("list_groups", "GET /v3/groups", None, READ_IN_DOMAIN),
    ("list_groups_for_user", "GET /v3/users/$user/groups", None, READ_IN_DOMAIN),
    ("list_groups_for_user", "GET /v3/users/$me/groups", None, ALL),
    ("create_group", "POST /v3/groups", {"group": {"name": "$new"}}, WRITE_IN_DOMAIN),
    ("update_group", "PATCH /v3/groups/$group", {"group": {}}, WRITE_IN_DOMAIN),
    ("delete_group", "DELETE /v3/groups/$group", None, WRITE_IN_DOMAIN),
    ("list_users_in_group", "GET /v3/groups/$group/users", None, READ_IN_DOMAIN),
    ("check_user_in_group", "HEAD /v3/groups/$group/users/$user", None, READ_IN_DOMAIN),
    ("check_user_in_group", "HEAD /v3/groups/$group/users/$me", None, ALL),
    ("add_user_to_group", "PUT /v3/groups/$group/users/$user", None, WRITE_IN_DOMAIN),
    ("remove_user_from_group", "DELETE /v3/groups/$group/users/$user", None, WRITE_IN_DOMAIN),
    ("get_role", "GET /v3/roles/$role", None, READ_IN_DOMAIN),
    ("list_roles", "GET /v3/roles", None, READ_IN_DOMAIN),
    ("create_role", "POST /v3/roles", {"role": {"name": "$new"}}, ADMIN),
    ("update_role", "PATCH /v3/roles/$role", {"role": {}}, ADMIN),
    ("delete_role", "DELETE /v3/roles/$role", None, ADMIN),
    ("get_implied_role", "GET /v3/roles/$role/implies", None, READ),
    ("list_role_inference_rules", "GET /v3/role_inferences", None, READ),
    ("create_implied_role", "PUT /v3/roles/$role/implies/$reader", None, ADMIN),
    ("delete_implied_role", "DELETE /v3/roles/$role/implies/$reader", None, ADMIN),
    (
        "check_grant", "HEAD /v3/projects/$project/users/$user/roles/$reader", None,
        READ_IN_DOMAIN,
    ),
    ("list_grants", "GET /v3/projects/$project/users/$user/roles", None, READ_IN_DOMAIN),
    (
        "create_grant", "PUT /v3/projects/$project/users/$user/roles/$reader", None,
        WRITE_IN_DOMAIN,
    ),
    ("create_grant", "PUT /v3/projects/$project/users/$user/roles/$admin", None, ADMIN),
    ("create_grant", "PUT /v3/domains/$domain/users/$user/roles/$reader", None, ADMIN),
    (
        "revoke_grant", "DELETE /v3/projects/$project/users/$user/roles/$reader", None,
        WRITE_IN_DOMAIN,
    ),
    ("list_system_grants", "GET /v3/system/users/$user/roles", None, READ),
    ("create_system_grant", "PUT /v3/system/users/$user/roles/$reader", None, ADMIN),
    ("revoke_system_grant", "DELETE /v3/system/users/$user/roles/$reader", None, ADMIN),
    ("list_role_assignments", "GET /v3/role_assignments", None, READ_IN_DOMAIN),
    ("list_role_assignments", "GET /v3/role_assignments?user.id=$me", None, ALL),
)  # fmt: skip
DELEGATION: Final[tuple[Line, ...]] = (
    ("get_credential", "GET /v3/credentials/$credential", None, READ),
    ("get_credential", "GET /v3/credentials/$own_credential", None, ALL),
    ("list_credentials", "GET /v3/credentials?user_id=$user", None, READ),
    ("list_credentials", "GET /v3/credentials", None, ALL),
    (
        "create_credential", "POST /v3/credentials",
        {"credential": {**_CREDENTIAL, "user_id": "$user"}}, ADMIN,
    ),
    ("create_credential", "POST /v3/credentials", {"credential": _CREDENTIAL}, ALL),
    (
        "update_credential", "PATCH /v3/credentials/$credential", {"credential": {"blob": "y"}},
        ADMIN,
    ),
    (
        "update_credential", "PATCH /v3/credentials/$own_credential",
        {"credential": {"blob": "y"}}, ALL,
    ),
    ("delete_credential", "DELETE /v3/credentials/$credential", None, ADMIN),
    ("delete_credential", "DELETE /v3/credentials/$own_credential", None, ALL),
    ("ec2_get_credential", "GET /v3/users/$user/credentials/OS-EC2/none", None, READ),
    ("ec2_get_credential", "GET /v3/users/$me/credentials/OS-EC2/none", None, ALL),
    ("ec2_list_credentials", "GET /v3/users/$user/credentials/OS-EC2", None, READ),
    ("ec2_list_credentials", "GET /v3/users/$me/credentials/OS-EC2", None, ALL),
    (
        "ec2_create_credential", "POST /v3/users/$user/credentials/OS-EC2",
        {"tenant_id": "$project"}, ADMIN,
    ),
    (
        "ec2_create_credential", "POST /v3/users/$me/credentials/OS-EC2",
        {"tenant_id": "$project"}, ALL,
    ),
    (
        "ec2_create_token", "POST /v3/ec2tokens",
        {"credentials": {
            "access": "none", "signature": "AA==", "host": "x", "verb": "GET", "path": "/",
        }}, ADMIN,
    ),
    ("ec2_delete_credential", "DELETE /v3/users/$user/credentials/OS-EC2/none", None, ADMIN),
    ("ec2_delete_credential", "DELETE /v3/users/$me/credentials/OS-EC2/none", None, ALL),
    (
        "get_application_credential", "GET /v3/users/$user/application_credentials/none", None,
        READ,
    ),
    ("get_application_credential", "GET /v3/users/$me/application_credentials/none", None, ALL),
    ("list_application_credentials", "GET /v3/users/$user/application_credentials", None, READ),
    ("list_application_credentials", "GET /v3/users/$me/application_credentials", None, ALL),
    (
        "create_application_credential", "POST /v3/users/$user/application_credentials",
        _APPLICATION, "",  # nobody but oneself
    ),
    (
        "create_application_credential", "POST /v3/users/$me/application_credentials",
        _APPLICATION, ALL,
    ),
    (
        "delete_application_credential", "DELETE /v3/users/$user/application_credentials/none",
        None, ADMIN,
    ),
    (
        "delete_application_credential", "DELETE /v3/users/$me/application_credentials/none", None,
        ALL,
    ),
    ("get_access_rule", "GET /v3/users/$user/access_rules/none", None, READ),
    ("get_access_rule", "GET /v3/users/$me/access_rules/none", None, ALL),
    ("list_access_rules", "GET /v3/users/$user/access_rules", None, READ),
    ("list_access_rules", "GET /v3/users/$me/access_rules", None, ALL),
    ("delete_access_rule", "DELETE /v3/users/$user/access_rules/none", None, ADMIN),
    ("delete_access_rule", "DELETE /v3/users/$me/access_rules/none", None, ALL),
    ("get_trust", "GET /v3/OS-TRUST/trusts/$trust", None, READ),
    ("get_trust", "GET /v3/OS-TRUST/trusts/$own_trust", None, ALL),
    ("list_trusts", "GET /v3/OS-TRUST/trusts", None, READ),
    ("list_trusts_of_user", "GET /v3/OS-TRUST/trusts?trustor_user_id=$user", None, READ),
    ("list_trusts_of_user", "GET /v3/OS-TRUST/trusts?trustee_user_id=$me", None, ALL),
    (
        "create_trust", "POST /v3/OS-TRUST/trusts",
        {"trust": {**_TRUST, "trustor_user_id": "$user"}}, "",  # nobody but oneself
    ),
    (
        "create_trust", "POST /v3/OS-TRUST/trusts",
        {"trust": {**_TRUST, "trustor_user_id": "$me"}}, ALL,
    ),
    ("delete_trust", "DELETE /v3/OS-TRUST/trusts/$trust", None, ADMIN),
    ("delete_trust", "DELETE /v3/OS-TRUST/trusts/$own_trust", None, ALL),
)  # fmt: skip
IMAGES: Final[tuple[Line, ...]] = (
    ("get_image", "GET /v2/images/$image", None, READERS),
    ("get_images", "GET /v2/images", None, READERS),
    ("add_image", "POST /v2/images", {"name": "x"}, MEMBERS),
    ("publicize_image", "POST /v2/images", {"visibility": "public"}, ADMIN),
    ("communitize_image", "POST /v2/images", {"visibility": "community"}, MEMBERS),
    (
        "modify_image", "PATCH /v2/images/$image",
        [{"op": "replace", "path": "/name", "value": "y"}], MEMBERS,
    ),
    ("upload_image", "PUT /v2/images/none/file", b"x", MEMBERS),
    ("stage_image", "PUT /v2/images/none/stage", b"x", MEMBERS),
    (
        "import_image", "POST /v2/images/none/import",
        {"method": {"name": "web-download", "uri": "http://example.org/x"}}, MEMBERS,
    ),
    (
        "copy_image", "POST /v2/images/none/import",
        {"method": {"name": "copy-image"}, "stores": ["file"]}, ADMIN,
    ),
    ("download_image", "GET /v2/images/none/file", None, READERS),
    ("delete_image", "DELETE /v2/images/$image", None, MEMBERS),
    ("deactivate", "POST /v2/images/$image/actions/deactivate", None, MEMBERS),
    ("reactivate", "POST /v2/images/$image/actions/reactivate", None, MEMBERS),
    ("get_members", "GET /v2/images/none/members", None, READERS),
    ("get_member", "GET /v2/images/none/members/none", None, READERS),
    ("add_member", "POST /v2/images/none/members", {"member": "x"}, MEMBERS),
    ("modify_member", "PUT /v2/images/none/members/x", {"status": "accepted"}, MEMBERS),
    ("delete_member", "DELETE /v2/images/none/members/x", None, MEMBERS),
    (
        "set_image_location", "PATCH /v2/images/$image",
        [{"op": "add", "path": "/locations/-", "value": {"url": "http://127.0.0.1/x"}}], MEMBERS,
    ),
    (
        "delete_image_location", "PATCH /v2/images/$image",
        [{"op": "remove", "path": "/locations/0"}], ADMIN,
    ),
    ("get_task", "GET /v2/tasks/none", None, READERS),
    ("get_tasks", "GET /v2/tasks", None, READERS),
    (
        "add_task", "POST /v2/tasks",
        {"type": "import", "input": {
            "import_from": "http://example.org/x", "import_from_format": "raw",
            "image_properties": {"disk_format": "raw", "container_format": "bare"},
        }}, ADMIN,
    ),
    ("stores_info_detail", "GET /v2/info/stores/detail", None, ADMIN),
    ("get_metadef_namespaces", "GET /v2/metadefs/namespaces", None, READERS),
    ("get_metadef_namespace", "GET /v2/metadefs/namespaces/none", None, READERS),
    ("get_metadef_members", "GET /v2/metadefs/namespaces/none/objects", None, READERS),
    ("get_metadef_resource_types", "GET /v2/metadefs/resource_types", None, READERS),
    ("add_metadef_namespace", "POST /v2/metadefs/namespaces", {"namespace": "$new"}, ADMIN),
    (
        "modify_metadef_namespace", "PUT /v2/metadefs/namespaces/none", {"namespace": "none"},
        ADMIN,
    ),
    ("delete_metadef_namespace", "DELETE /v2/metadefs/namespaces/none", None, ADMIN),
    ("modify_metadef_members", "POST /v2/metadefs/namespaces/none/tags/x", None, ADMIN),
    (
        "modify_metadef_resource_types", "POST /v2/metadefs/namespaces/none/resource_types",
        {"name": "x"}, ADMIN,
    ),
)  # fmt: skip

IDENTITY: Final = TOKENS + PLACES + PEOPLE + DELEGATION
