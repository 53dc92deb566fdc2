"""How much of what stands for it a user may keep: nobody fills the disk."""

import pytest

from services.identity import delegation
from tests.services.api.identity import asking

COUNT = delegation.KEPT_MAX
# what is kept → its row, once for each number, and the request that would make one more
KEPT = {
    "credentials": (
        "INSERT INTO credentials (id, type, blob_sealed, user_id) VALUES (:id, 'x', 'x', :user)",
        "/credentials", {"credential": {"type": "x", "blob": "y"}},
    ),
    "EC2 credentials": (
        "INSERT INTO ec2_credentials (access, secret_sealed, user_id, project_id, created_at, "
        "credential_id) VALUES (:id, 'x', :user, :project, 'x', :id)",
        "/users/{user}/credentials/OS-EC2", {"tenant_id": "{project}"},
    ),
    "application credentials": (
        "INSERT INTO application_credentials (id, name, secret_hash, user_id, project_id, roles, "
        "created_at) VALUES (:id, :id, 'x', :user, :project, '[]', 'x')",
        "/users/{user}/application_credentials", {"application_credential": {"name": "more"}},
    ),
    "access rules": (
        "INSERT INTO access_rules (id, user_id, service, method, path) "
        "VALUES (:id, :user, 'x', 'GET', :id)",
        "/users/{user}/application_credentials",
        {"application_credential": {"name": "more", "access_rules": [
            {"service": "x", "method": "GET", "path": "/more"}
        ]}},
    ),
    "trusts": (
        "INSERT INTO trusts (id, trustor_id, trustee_id, roles, is_impersonating) "
        "VALUES (:id, :user, :user, '[]', 0)",
        "/OS-TRUST/trusts",
        {"trust": {
            "trustor_user_id": "{user}", "trustee_user_id": "{user}", "impersonation": False,
        }},
    ),
}  # fmt: skip


def _filled(value, ids):
    if isinstance(value, dict):
        return {key: _filled(each, ids) for key, each in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


@pytest.mark.parametrize("what", KEPT)
def test_a_thousand_are_kept_and_no_more(cloud, what):
    sql, path, body = KEPT[what]
    ids = {"user": asking.user_id(cloud), "project": cloud.project_id()}
    with cloud.db.transaction() as tx:
        for number in range(COUNT):
            tx.execute(sql, ids | {"id": str(number)})

    told = asking.refused(cloud, 403, "POST", path.format(**ids), _filled(body, ids), user="demo")

    assert f"at most {COUNT} {what}" in told


def test_a_credential_has_so_many_roles_and_rules(cloud):
    path = f"/users/{asking.user_id(cloud)}/application_credentials"

    for said in (
        {"roles": [{"name": "member"}] * 101},
        {"access_rules": [{"service": "x", "method": "GET", "path": f"/{n}"} for n in range(101)]},
    ):
        body = {"application_credential": {"name": "robot", **said}}
        asking.refused(cloud, 400, "POST", path, body, user="demo")


def test_a_trust_hands_over_so_many_roles(cloud):
    body = {"trust": {
        "trustor_user_id": asking.user_id(cloud), "trustee_user_id": asking.user_id(cloud, "other"),
        "impersonation": False, "project_id": cloud.project_id(), "roles": [{"name": "x"}] * 101,
    }}  # fmt: skip

    asking.refused(cloud, 400, "POST", "/OS-TRUST/trusts", body, user="demo")
