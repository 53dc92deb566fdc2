"""What Tempest is told of the clouds: tempest.conf, and what in it is switched off, and why.

Two clouds, because Tempest's tests of one image store and of several exclude each other: with
several, an import that names none is expected in all of them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

STORES: Final = {"one image store": ("swift",), "two image stores": ("file", "swift")}
FILES_PORT: Final = 8099  # of the server from which images are imported, in our own namespace

# (section, option) → why Tempest must not ask; shown in the page
SWITCHED_OFF: Final[dict[tuple[str, str], str]] = {
    ("service_available", "nova"): "the Compute API is not whole yet: its tests are not run",
    ("service_available", "cinder"): "the Block Storage API is not whole yet: not run",
    ("service_available", "neutron"): "the Networking API is not whole yet: not run",
    ("identity-feature-enabled", "domain_specific_drivers"): "users are in this cloud's database",
    ("identity-feature-enabled", "immutable_user_source"): "there is no LDAP behind it",
    ("image", "image_caching_enabled"): "one host: the image store is beside its only reader",
    ("image-feature-enabled", "image_format_enforcement"): "Tempest's own images are random bytes "
    "called qcow2; its 17 list tests skip where formats are enforced",
    ("object-storage-feature-enabled", "container_sync"): "there is no second cloud to sync with",
    (
        "object-storage-feature-enabled",
        "discoverable_apis",
    ): "no crossdomain.xml: Flash is no more; "
    "one storage policy, so the test of a quota for another one skips",
}

_SECTIONS: Final = """
[DEFAULT]
log_file = tempest.log
log_dir = {folder}
use_stderr = false
resource_name_prefix = tempest
[oslo_concurrency]
lock_path = {folder}/lock
[auth]
use_dynamic_credentials = true
admin_username = {user}
admin_password = {password}
admin_project_name = {project}
admin_domain_name = Default
default_credentials_domain_name = Default
create_isolated_networks = false
[identity]
uri_v3 = {identity_url}
auth_version = v3
region = RegionOne
v3_endpoint_type = public
admin_role = admin
default_domain_id = default
user_lockout_failure_attempts = 3
user_lockout_duration = 5
user_unique_last_password_count = 2
[identity-feature-enabled]
api_v2 = false
api_v2_admin = false
api_v3 = true
trust = true
access_rules = true
security_compliance = true
domain_specific_drivers = false
immutable_user_source = false
[service_available]
nova = false
glance = true
cinder = false
neutron = false
swift = true
horizon = false
[compute]
image_ref = none
[service-clients]
http_timeout = 60
[image]
catalog_type = image
region = RegionOne
build_timeout = 60
build_interval = 1
http_image = http://127.0.0.1:{files_port}/image.raw
http_qcow2_image = http://127.0.0.1:{files_port}/image.qcow2
container_formats = bare,ovf,ova
disk_formats = raw,raw,raw,raw,raw,raw,qcow2,iso
hashing_algorithm = sha512
image_caching_enabled = false
[image-feature-enabled]
api_v2 = true
import_image = true
os_glance_reserved = true
manage_locations = true
image_conversion = false
image_format_enforcement = false
http_store_enabled = true
store_weight_enabled = {has_stores}
[object-storage]
catalog_type = object-store
region = RegionOne
operator_role = member
reseller_admin_role = ResellerAdmin
build_timeout = 30
[object-storage-feature-enabled]
discoverability = true
discoverable_apis = {swift_features}
container_sync = false
object_versioning = true
tempurl_digest_hashlib = sha256
"""


def document(folder: Path, values: Mapping[str, str]) -> str:
    """tempest.conf for a cloud; Tempest writes its log and locks into `folder`."""
    return _SECTIONS.format(folder=folder, files_port=FILES_PORT, **values)


def cloud(stores: Sequence[str]) -> dict[str, dict[str, object]]:
    """The cloud's own settings: no guests, these image stores, and images may come from the server
    beside Tempest.
    """
    return {
        "compute": {"driver": "fake"},
        "network": {"driver": "fake"},
        "volume": {"export": "fake"},
        "identity": {"lockout_attempts": 3, "lockout_s": 5, "passwords_remembered": 2},
        "image": {
            "store": stores[0],
            "stores": list(stores),
            "show_locations": True,
            "download_hosts": ["127.0.0.1"],
            "download_ports": [str(FILES_PORT)],
        },
    }
