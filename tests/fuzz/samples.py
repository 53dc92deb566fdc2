"""A body that each decoding route takes, to be spoiled. `<users>` stands for the id of some user.

`test_fuzz.py` sees that no route is forgotten.
"""

from typing import Any, Final

_WHO: Final = {"name": "demo", "domain": {"id": "default"}}
_NEVER: Final = "2999-12-31T23:59:59.000000Z"
_NAMESPACE: Final = {
    "namespace": "OS::Fuzz::", "display_name": "a", "description": "b", "visibility": "public",
    "protected": False, "owner": "<projects>",
    "resource_type_associations": [
        {"name": "OS::Glance::Image", "prefix": "p_", "properties_target": "image"}
    ],
    "objects": [{"name": "o", "properties": {"x": {"title": "x", "type": "string"}}}],
    "properties": {"p": {"title": "p", "type": "integer", "minimum": 0}}, "tags": [{"name": "t"}],
}  # fmt: skip
_OBJECT: Final = {
    "name": "object", "description": "d", "required": ["a"],
    "properties": {"a": {"title": "A", "type": "array", "items": {"type": "string"}}},
}  # fmt: skip
_PROPERTY: Final = {
    "name": "property", "title": "P", "type": "string", "enum": ["a", "b"], "default": "a",
    "operators": ["<or>"], "pattern": "^a$", "minLength": 0, "maxLength": 9, "readonly": False,
}  # fmt: skip

BODIES: Final[dict[str, tuple[Any, ...]]] = {
    "POST /identity/v3/auth/tokens": (
        {
            "auth": {
                "identity": {
                    "methods": ["password"], "password": {"user": {**_WHO, "password": "x"}},
                },
                "scope": {"project": _WHO},
            }
        },
        {
            "auth": {
                "identity": {"methods": ["token"], "token": {"id": "<tokens>"}},
                "scope": {"system": {"all": True}},
            }
        },
        {
            "auth": {
                "identity": {
                    "methods": ["application_credential"],
                    "application_credential": {
                        "id": "<application_credentials>", "secret": "x", "user": _WHO,
                    },
                },
                "scope": {"OS-TRUST:trust": {"id": "<trusts>"}},
            }
        },
    ),
    "POST /identity/v3/domains": ({"domain": {"name": "d", "enabled": True, "description": ""}},),
    "PATCH /identity/v3/domains/{key}": ({"domain": {"name": "d", "enabled": False}},),
    "POST /identity/v3/projects": (
        {
            "project": {
                "name": "p", "domain_id": "default", "parent_id": "<projects>", "is_domain": False,
                "tags": ["a"], "description": "", "enabled": True, "options": {},
            }
        },
    ),
    "PATCH /identity/v3/projects/{key}": (
        {"project": {"name": "p", "enabled": True, "tags": ["b"], "description": "x"}},
    ),
    "PUT /identity/v3/projects/{project_id}/tags": ({"tags": ["a", "b"]},),
    "POST /identity/v3/users": (
        {
            "user": {
                "name": "u", "domain_id": "default", "default_project_id": "<projects>",
                "enabled": True, "email": "a@b", "options": {"lock_password": True},
            }
        },
    ),
    "PATCH /identity/v3/users/{key}": ({"user": {"name": "u", "enabled": True, "x": "y"}},),
    "POST /identity/v3/users/{user_id}/password": (
        {"user": {"original_password": "a", "password": "b"}},
    ),
    "POST /identity/v3/groups": (
        {"group": {"name": "g", "domain_id": "default", "description": ""}},
    ),
    "PATCH /identity/v3/groups/{key}": ({"group": {"name": "g", "description": "d"}},),
    "POST /identity/v3/roles": (
        {"role": {"name": "r", "domain_id": "<domains>", "description": "", "options": {}}},
    ),
    "PATCH /identity/v3/roles/{key}": ({"role": {"name": "r", "description": "d"}},),
    "POST /identity/v3/regions": (
        {"region": {"id": "r", "description": "", "parent_region_id": "<regions>"}},
    ),
    "PATCH /identity/v3/regions/{key}": ({"region": {"description": "d"}},),
    "PUT /identity/v3/regions/{key}": ({"region": {"description": "d"}},),
    "POST /identity/v3/services": (
        {"service": {"type": "fuzz", "name": "s", "description": "", "enabled": True}},
    ),
    "PATCH /identity/v3/services/{key}": ({"service": {"name": "s", "enabled": False}},),
    "POST /identity/v3/endpoints": (
        {
            "endpoint": {
                "service_id": "<services>", "interface": "public", "url": "http://127.0.0.1/",
                "region_id": "RegionOne", "enabled": True,
            }
        },
    ),
    "PATCH /identity/v3/endpoints/{key}": ({"endpoint": {"url": "http://127.0.0.1/x"}},),
    "POST /identity/v3/policies": ({"policy": {"type": "application/json", "blob": "{}"}},),
    "PATCH /identity/v3/policies/{key}": ({"policy": {"blob": "{}"}},),
    "POST /identity/v3/users/{user_id}/application_credentials": (
        {
            "application_credential": {
                "name": "a", "secret": "s", "expires_at": _NEVER, "roles": [{"name": "reader"}],
                "unrestricted": False, "description": "",
                "access_rules": [{"service": "image", "method": "GET", "path": "/v2/images"}],
            }
        },
    ),
    "POST /identity/v3/OS-TRUST/trusts": (
        {
            "trust": {
                "trustor_user_id": "<users>", "trustee_user_id": "<users>", "impersonation": True,
                "project_id": "<projects>", "roles": [{"name": "reader"}], "expires_at": _NEVER,
                "remaining_uses": 3, "allow_redelegation": True, "redelegation_count": 2,
            }
        },
    ),
    "POST /identity/v3/users/{user_id}/credentials/OS-EC2": ({"tenant_id": "<projects>"},),
    "POST /identity/v3/ec2tokens": (
        {
            "credentials": {
                "access": "a", "signature": "b", "host": "127.0.0.1:8774", "verb": "GET",
                "path": "/services/Cloud", "params": {"SignatureVersion": "2"}, "headers": {},
                "body_hash": "",
            }
        },
    ),
    "POST /identity/v3/credentials": (
        {
            "credential": {
                "type": "ec2", "blob": '{"access": "a", "secret": "b"}', "user_id": "<users>",
                "project_id": "<projects>",
            }
        },
        {"credential": {"type": "cert", "blob": "x", "user_id": "<users>"}},
    ),
    "PATCH /identity/v3/credentials/{key}": ({"credential": {"type": "cert", "blob": "y"}},),
    "POST /identity/v3/registered_limits": (
        {
            "registered_limits": [
                {
                    "service_id": "<services>", "region_id": "RegionOne", "default_limit": 10,
                    "resource_name": "fuzz", "description": "d",
                }
            ]
        },
    ),
    "PATCH /identity/v3/registered_limits/{key}": (
        {"registered_limit": {"default_limit": 5, "description": None}},
    ),
    "POST /identity/v3/limits": (
        {
            "limits": [
                {
                    "service_id": "<services>", "project_id": "<projects>", "resource_limit": 3,
                    "resource_name": "fuzz",
                }
            ]
        },
    ),
    "PATCH /identity/v3/limits/{key}": ({"limit": {"resource_limit": -1}},),
    "POST /image/v2/images": (
        {
            "name": "i", "disk_format": "raw", "container_format": "bare", "min_disk": 1,
            "min_ram": 2, "protected": False, "os_hidden": False, "visibility": "shared",
            "tags": ["a"], "os_distro": "none",
        },
        {"id": "<new>", "owner": "<projects>", "visibility": "public", "kernel_id": "<images>"},
    ),
    "PATCH /image/v2/images/{image_id}": (
        [
            {"op": "replace", "path": "/name", "value": "n"},
            {"op": "add", "path": "/own", "value": "x"},
            {"op": "remove", "path": "/own"},
        ],
        [{"op": "replace", "path": "/visibility", "value": "community"}],
        [{"op": "replace", "path": "/tags", "value": ["x", "y"]}],
        [{"op": "replace", "path": "/min_disk", "value": 7}],
        [{"op": "replace", "path": "/owner", "value": "<projects>"}],
        [{"op": "add", "path": "/locations/-", "value": {"url": "http://127.0.0.1:1/x"}}],
        [{"op": "replace", "path": "/locations", "value": [{"url": "swift://x", "metadata": {}}]}],
        [{"op": "remove", "path": "/locations/0"}],
        [{"add": "/a", "value": "b"}],
    ),
    "POST /image/v2/images/{image_id}/members": ({"member": "<projects>"},),
    "PUT /image/v2/images/{image_id}/members/{member_id}": ({"status": "accepted"},),
    "POST /image/v2/images/{image_id}/import": (
        {"method": {"name": "glance-direct"}, "stores": ["file"], "all_stores": False},
        {"method": {"name": "web-download", "uri": "http://127.0.0.1/x"}},
        {"method": {"name": "copy-image"}, "all_stores": True, "all_stores_must_succeed": False},
        {
            "method": {
                "name": "glance-download", "glance_image_id": "<images>",
                "glance_region": "RegionOne", "glance_service_interface": "public",
            }
        },
    ),
    "POST /image/v2/tasks": (
        {
            "type": "import",
            "input": {
                "import_from": "http://127.0.0.1/x", "import_from_format": "raw",
                "image_properties": {"disk_format": "raw", "container_format": "bare"},
            },
        },
    ),
    "POST /image/v2/metadefs/namespaces": (_NAMESPACE,),
    "PUT /image/v2/metadefs/namespaces/{namespace}": (_NAMESPACE,),
    "POST /image/v2/metadefs/namespaces/{namespace}/resource_types": (
        {"name": "OS::Nova::Flavor", "prefix": "q_", "properties_target": "x"},
    ),
    "POST /image/v2/metadefs/namespaces/{namespace}/objects": (_OBJECT,),
    "PUT /image/v2/metadefs/namespaces/{namespace}/objects/{name}": (_OBJECT,),
    "POST /image/v2/metadefs/namespaces/{namespace}/properties": (_PROPERTY,),
    "PUT /image/v2/metadefs/namespaces/{namespace}/properties/{name}": (_PROPERTY,),
    "POST /image/v2/metadefs/namespaces/{namespace}/tags": (
        {"tags": [{"name": "t"}, {"name": "u"}]},
    ),
    "PUT /image/v2/metadefs/namespaces/{namespace}/tags/{name}": ({"name": "t2"},),
}  # fmt: skip

# names that queries of either API know
QUERY_NAMES: Final = (
    "limit", "marker", "sort", "sort_key", "sort_dir", "name", "status", "visibility",
    "member_status", "tag", "size_min", "size_max", "size", "min_ram", "created_at", "updated_at",
    "protected", "os_hidden", "owner", "id", "checksum", "disk_format", "type", "image_id",
    "domain_id", "parent_id", "is_domain", "enabled", "tags", "tags-any", "not-tags",
    "not-tags-any", "name__contains", "name__startswith", "password_expires_at", "include_names",
    "include_subtree", "effective", "user.id", "group.id", "role.id", "scope.project.id",
    "scope.domain.id", "scope.system", "scope.OS-INHERIT:inherited_to", "parents_as_list",
    "subtree_as_ids", "nocatalog", "allow_expired", "interface", "service_id", "region_id",
    "trustor_user_id", "trustee_user_id", "user_id", "resource_types", "own_property",
)  # fmt: skip
HEADERS: Final = (
    "Content-Type", "Accept", "X-Subject-Token", "Range", "If-Match", "X-Image-Meta-Store",
    "X-OpenStack-Append", "Accept-Language", "OpenStack-API-Version", "X-Openstack-Request-Id",
    "X-Novabox-Trace", "Authorization", "X-Forwarded-For", "Accept-Encoding",
)  # fmt: skip
