"""The first schema: identity, compute, image, network, and the log of changes."""

from typing import Final

IDENTITY: Final = """
CREATE TABLE projects (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain_id TEXT NOT NULL DEFAULT 'default',
    description TEXT NOT NULL DEFAULT '', is_enabled INTEGER NOT NULL DEFAULT 1,
    UNIQUE (domain_id, name)
) STRICT;
CREATE TABLE users (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain_id TEXT NOT NULL DEFAULT 'default',
    password_hash TEXT NOT NULL, default_project_id TEXT, is_enabled INTEGER NOT NULL DEFAULT 1,
    UNIQUE (domain_id, name)
) STRICT;
CREATE TABLE roles (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE role_assignments (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, project_id, role_id)
) STRICT;
CREATE TABLE revoked_tokens (audit_id TEXT PRIMARY KEY, expires_at TEXT NOT NULL) STRICT;
CREATE TABLE quotas (
    project_id TEXT NOT NULL, resource TEXT NOT NULL, quota INTEGER NOT NULL,
    PRIMARY KEY (project_id, resource)
) STRICT;
"""

COMPUTE: Final = """
CREATE TABLE flavors (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, vcpus INTEGER NOT NULL CHECK (vcpus > 0),
    memory_mib INTEGER NOT NULL CHECK (memory_mib > 0), disk_gib INTEGER NOT NULL,
    is_public INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE key_pairs (
    user_id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL DEFAULT 'ssh',
    public_key TEXT NOT NULL, fingerprint TEXT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT;
CREATE TABLE hosts (
    name TEXT PRIMARY KEY, zone TEXT NOT NULL, vcpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL,
    disk_gib INTEGER NOT NULL, hypervisor TEXT NOT NULL, virt_type TEXT NOT NULL,
    is_enabled INTEGER NOT NULL DEFAULT 1, disabled_reason TEXT, seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE services (
    topic TEXT PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    started_at TEXT NOT NULL, seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE instances (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL,
    reservation_id TEXT NOT NULL, launch_index INTEGER NOT NULL DEFAULT 0,
    image_id TEXT, kernel_id TEXT, ramdisk_id TEXT,
    flavor_id TEXT NOT NULL, flavor_name TEXT NOT NULL, vcpus INTEGER NOT NULL,
    memory_mib INTEGER NOT NULL, disk_gib INTEGER NOT NULL,
    key_name TEXT, public_key TEXT, user_data TEXT, has_config_drive INTEGER NOT NULL DEFAULT 0,
    zone TEXT NOT NULL DEFAULT '', host TEXT,
    vm_state TEXT NOT NULL, task_state TEXT, power_state INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, launched_at TEXT, deleted_at TEXT,
    request_id TEXT NOT NULL, hop_id TEXT,
    claim_owner TEXT, claim_expires_at TEXT, attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX instances_by_project ON instances (project_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX instances_by_host ON instances (host) WHERE deleted_at IS NULL;
CREATE INDEX instances_unfinished ON instances (task_state) WHERE task_state IS NOT NULL;
CREATE TABLE instance_metadata (
    instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (instance_id, key)
) STRICT;
CREATE TABLE instance_faults (
    id INTEGER PRIMARY KEY, instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    code INTEGER NOT NULL, message TEXT NOT NULL, details TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX instance_faults_by_instance ON instance_faults (instance_id, id);
"""

IMAGE: Final = """
CREATE TABLE images (
    id TEXT PRIMARY KEY, name TEXT, status TEXT NOT NULL, visibility TEXT NOT NULL,
    project_id TEXT NOT NULL, container_format TEXT, disk_format TEXT,
    size_bytes INTEGER, virtual_size_bytes INTEGER,
    checksum_md5 TEXT, checksum_sha512 TEXT, checksum_xxh3 TEXT,
    min_disk_gib INTEGER NOT NULL DEFAULT 0, min_memory_mib INTEGER NOT NULL DEFAULT 0,
    is_protected INTEGER NOT NULL DEFAULT 0, is_hidden INTEGER NOT NULL DEFAULT 0,
    store TEXT, location TEXT, request_id TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT,
    claim_owner TEXT, claim_expires_at TEXT
) STRICT;
CREATE INDEX images_by_project ON images (project_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX images_by_visibility ON images (visibility, created_at) WHERE deleted_at IS NULL;
CREATE INDEX images_by_status ON images (status);
CREATE TABLE image_properties (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (image_id, name)
) STRICT;
CREATE TABLE image_tags (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    tag TEXT NOT NULL, PRIMARY KEY (image_id, tag)
) STRICT;
"""

NETWORK: Final = """
CREATE TABLE networks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, project_id TEXT NOT NULL, mtu INTEGER NOT NULL,
    is_shared INTEGER NOT NULL DEFAULT 0, is_external INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'ACTIVE', created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX networks_by_project ON networks (project_id);
CREATE TABLE subnets (
    id TEXT PRIMARY KEY, network_id TEXT NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    name TEXT NOT NULL, project_id TEXT NOT NULL, cidr TEXT NOT NULL, gateway_ip TEXT NOT NULL,
    pool_first TEXT NOT NULL, pool_last TEXT NOT NULL, dns_servers TEXT NOT NULL DEFAULT '[]',
    is_dhcp_enabled INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX subnets_by_network ON subnets (network_id);
CREATE INDEX subnets_by_project ON subnets (project_id);
CREATE TABLE ports (
    id TEXT PRIMARY KEY, network_id TEXT NOT NULL REFERENCES networks (id),
    project_id TEXT NOT NULL, name TEXT NOT NULL DEFAULT '', mac TEXT NOT NULL UNIQUE,
    instance_id TEXT, host TEXT, status TEXT NOT NULL DEFAULT 'DOWN',
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX ports_by_instance ON ports (instance_id);
CREATE INDEX ports_by_network ON ports (network_id);
CREATE INDEX ports_by_project ON ports (project_id);
CREATE INDEX ports_by_host ON ports (host);
CREATE TABLE fixed_ips (
    subnet_id TEXT NOT NULL REFERENCES subnets (id), ip TEXT NOT NULL,
    ip_number INTEGER NOT NULL, port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
    PRIMARY KEY (subnet_id, ip_number)
) STRICT;
CREATE INDEX fixed_ips_by_port ON fixed_ips (port_id);
CREATE TABLE security_groups (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, project_id TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX security_groups_by_project ON security_groups (project_id, name);
CREATE TABLE security_group_rules (
    id TEXT PRIMARY KEY, group_id TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
    direction TEXT NOT NULL CHECK (direction IN ('ingress', 'egress')),
    ethertype TEXT NOT NULL CHECK (ethertype IN ('IPv4', 'IPv6')),
    protocol TEXT, port_min INTEGER, port_max INTEGER, remote_cidr TEXT,
    remote_group_id TEXT REFERENCES security_groups (id) ON DELETE CASCADE,
    description TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL
) STRICT;
CREATE INDEX security_group_rules_by_group ON security_group_rules (group_id);
CREATE TABLE port_security_groups (
    port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES security_groups (id),
    PRIMARY KEY (port_id, group_id)
) STRICT;
CREATE INDEX port_security_groups_by_group ON port_security_groups (group_id);
"""

CHANGES: Final = """
CREATE TABLE changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object_id TEXT NOT NULL,
    project_id TEXT NOT NULL
) STRICT;
"""

TABLES: Final = (IDENTITY, COMPUTE, IMAGE, NETWORK, CHANGES)
