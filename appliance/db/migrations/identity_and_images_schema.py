"""Identity and images made whole: domains, groups, grants anywhere, delegation, the catalog; who
shares an image, where else its bytes are, and what is being imported.

A domain is a row of `projects` that acts as one (`is_domain`), as Keystone keeps it: a grant's
target is one column, and the chain of parents of a project ends in its domain.
"""

from typing import Final

PEOPLE: Final = """
ALTER TABLE projects ADD COLUMN parent_id TEXT REFERENCES projects (id);
ALTER TABLE projects ADD COLUMN is_domain INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';
INSERT INTO projects (id, name, domain_id, description, is_enabled, is_domain)
    VALUES ('default', 'Default', '', 'The default domain', 1, 1);
UPDATE projects SET parent_id = domain_id WHERE NOT is_domain;
CREATE INDEX projects_by_parent ON projects (parent_id);
CREATE TABLE project_tags (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    tag TEXT NOT NULL, PRIMARY KEY (project_id, tag)
) STRICT;
ALTER TABLE users ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN password_set_at TEXT;
CREATE TABLE old_passwords (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    password_hash TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX old_passwords_by_user ON old_passwords (user_id, id);
CREATE TABLE login_failures (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    count INTEGER NOT NULL, last_at TEXT NOT NULL
) STRICT;
CREATE TABLE groups (
    id TEXT PRIMARY KEY, name TEXT NOT NULL,
    domain_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    description TEXT NOT NULL DEFAULT '', extra TEXT NOT NULL DEFAULT '{}', UNIQUE (domain_id, name)
) STRICT;
CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) STRICT;
CREATE INDEX group_members_by_user ON group_members (user_id);
"""

# a role's name is unique in its domain; '' is no domain: a role of the whole cloud
GRANTS: Final = """
CREATE TABLE new_roles (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain_id TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '', extra TEXT NOT NULL DEFAULT '{}', UNIQUE (domain_id, name)
) STRICT;
INSERT INTO new_roles (id, name) SELECT id, name FROM roles;
CREATE TABLE new_role_assignments (
    role_id TEXT NOT NULL REFERENCES new_roles (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    group_id TEXT REFERENCES groups (id) ON DELETE CASCADE,
    target_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
    is_inherited INTEGER NOT NULL DEFAULT 0,
    CHECK ((user_id IS NULL) <> (group_id IS NULL)),
    CHECK (target_id IS NOT NULL OR NOT is_inherited)
) STRICT;
INSERT INTO new_role_assignments (role_id, user_id, target_id)
    SELECT role_id, user_id, project_id FROM role_assignments;
DROP TABLE role_assignments;
DROP TABLE roles;
ALTER TABLE new_roles RENAME TO roles;
ALTER TABLE new_role_assignments RENAME TO role_assignments;
CREATE UNIQUE INDEX role_assignments_once ON role_assignments (
    coalesce(user_id, ''), coalesce(group_id, ''), coalesce(target_id, ''), role_id, is_inherited
);
CREATE INDEX role_assignments_by_user ON role_assignments (user_id, target_id);
CREATE INDEX role_assignments_by_group ON role_assignments (group_id, target_id);
CREATE INDEX role_assignments_by_target ON role_assignments (target_id);
CREATE INDEX role_assignments_by_role ON role_assignments (role_id);
CREATE TABLE implied_roles (
    prior_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    implied_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (prior_id, implied_id)
) STRICT;
"""

# secrets are sealed or hashed; `roles` are JSON lists of role ids
DELEGATION: Final = """
CREATE TABLE application_credentials (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    description TEXT NOT NULL DEFAULT '', roles TEXT NOT NULL,
    is_unrestricted INTEGER NOT NULL DEFAULT 0,
    expires_at TEXT, created_at TEXT NOT NULL, UNIQUE (user_id, name)
) STRICT;
CREATE TABLE access_rules (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    service TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    UNIQUE (user_id, service, method, path)
) STRICT;
CREATE TABLE application_credential_access_rules (
    credential_id TEXT NOT NULL REFERENCES application_credentials (id) ON DELETE CASCADE,
    rule_id TEXT NOT NULL REFERENCES access_rules (id),
    PRIMARY KEY (credential_id, rule_id)
) STRICT;
CREATE INDEX application_credential_access_rules_by_rule
    ON application_credential_access_rules (rule_id);
CREATE TABLE trusts (
    id TEXT PRIMARY KEY,
    trustor_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    trustee_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
    roles TEXT NOT NULL, is_impersonating INTEGER NOT NULL, expires_at TEXT, remaining_uses INTEGER,
    redelegated_trust_id TEXT REFERENCES trusts (id) ON DELETE CASCADE,
    redelegation_count INTEGER NOT NULL DEFAULT 0, deleted_at TEXT, extra TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX trusts_by_trustor ON trusts (trustor_id);
CREATE INDEX trusts_by_trustee ON trusts (trustee_id);
CREATE TABLE credentials (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, blob_sealed TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, project_id TEXT,
    extra TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX credentials_by_user ON credentials (user_id);
ALTER TABLE ec2_credentials ADD COLUMN credential_id TEXT NOT NULL DEFAULT '';
CREATE TABLE policies (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, blob TEXT NOT NULL, extra TEXT NOT NULL DEFAULT '{}'
) STRICT;
"""

CATALOG: Final = """
CREATE TABLE regions (
    id TEXT PRIMARY KEY, description TEXT NOT NULL DEFAULT '',
    parent_region_id TEXT REFERENCES regions (id), extra TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE catalog_services (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
    description TEXT, is_enabled INTEGER NOT NULL DEFAULT 1, extra TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES catalog_services (id) ON DELETE CASCADE,
    interface TEXT NOT NULL CHECK (interface IN ('public', 'internal', 'admin')),
    region_id TEXT REFERENCES regions (id), url TEXT NOT NULL,
    is_enabled INTEGER NOT NULL DEFAULT 1, extra TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX endpoints_by_service ON endpoints (service_id);
CREATE TABLE registered_limits (
    id TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES catalog_services (id) ON DELETE CASCADE,
    region_id TEXT REFERENCES regions (id), resource_name TEXT NOT NULL,
    default_limit INTEGER NOT NULL, description TEXT
) STRICT;
CREATE UNIQUE INDEX registered_limits_once
    ON registered_limits (service_id, coalesce(region_id, ''), resource_name);
CREATE TABLE limits (
    id TEXT PRIMARY KEY,
    registered_limit_id TEXT NOT NULL REFERENCES registered_limits (id),
    target_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    resource_limit INTEGER NOT NULL, description TEXT, UNIQUE (registered_limit_id, target_id)
) STRICT;
"""

# a copy's `location` is in the words of its store; the image's own columns name the first copy
IMAGES: Final = """
ALTER TABLE images ADD COLUMN staged_location TEXT;
ALTER TABLE images ADD COLUMN importing_to TEXT;
ALTER TABLE images ADD COLUMN failed_to TEXT;
CREATE TABLE image_members (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    member_id TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending',
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, PRIMARY KEY (image_id, member_id)
) STRICT;
CREATE INDEX image_members_by_member ON image_members (member_id, status);
CREATE TABLE image_copies (
    id INTEGER PRIMARY KEY, image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    store TEXT NOT NULL, location TEXT NOT NULL, metadata TEXT NOT NULL DEFAULT '{}',
    is_whole INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL,
    UNIQUE (image_id, store, location)
) STRICT;
CREATE TABLE image_tasks (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, status TEXT NOT NULL,
    image_id TEXT, project_id TEXT NOT NULL, user_id TEXT NOT NULL, request_id TEXT NOT NULL,
    input TEXT NOT NULL, result TEXT, message TEXT NOT NULL DEFAULT '',
    done_bytes INTEGER NOT NULL DEFAULT 0, total_bytes INTEGER,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, expires_at TEXT
) STRICT;
CREATE INDEX image_tasks_by_image ON image_tasks (image_id, created_at);
CREATE INDEX image_tasks_by_project ON image_tasks (project_id, created_at);
CREATE INDEX image_tasks_by_status ON image_tasks (status);
"""

# `body` is the JSON that a user gave, without what has a column
METADATA_DEFINITIONS: Final = """
CREATE TABLE metadef_namespaces (
    namespace TEXT PRIMARY KEY, display_name TEXT, description TEXT,
    visibility TEXT NOT NULL DEFAULT 'private', is_protected INTEGER NOT NULL DEFAULT 0,
    project_id TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE metadef_members (
    namespace TEXT NOT NULL
        REFERENCES metadef_namespaces (namespace) ON DELETE CASCADE ON UPDATE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('object', 'property', 'tag')), name TEXT NOT NULL,
    body TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (namespace, kind, name)
) STRICT;
CREATE TABLE metadef_resource_types (
    name TEXT PRIMARY KEY, is_protected INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE metadef_associations (
    namespace TEXT NOT NULL
        REFERENCES metadef_namespaces (namespace) ON DELETE CASCADE ON UPDATE CASCADE,
    resource_type TEXT NOT NULL REFERENCES metadef_resource_types (name),
    prefix TEXT, properties_target TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (namespace, resource_type)
) STRICT;
"""

TABLES: Final = (PEOPLE, GRANTS, DELEGATION, CATALOG, IMAGES, METADATA_DEFINITIONS)

# the types of resource that metadata definitions are about everywhere
RESOURCE_TYPES: Final = (
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
)
