"""Every rule of the policy table: who may, who may not, and that some verb asks for it."""

from pathlib import Path

import pytest

from appliance import context, errors, policy
from services.identity.api import catalog

ROLES = tuple(policy.IMPLIED)
ROOT = Path(__file__).parents[2]


def _caller(*roles: str) -> context.RequestContext:
    return context.RequestContext(roles=frozenset(roles))


@pytest.mark.parametrize(
    "rule", [name for name, rule in policy.RULES.items() if not rule.is_everybodys]
)
def test_a_rule_is_for_its_role_and_those_above(rule):
    allowed = {role for role in ROLES if policy.allows(_caller(role), rule)}

    expected = {
        policy.READER: set(ROLES) - {policy.RESELLER_ADMIN},
        policy.MEMBER: {policy.ADMIN, policy.MANAGER, policy.MEMBER},
        policy.ADMIN: {policy.ADMIN},
        policy.SERVICE: {policy.ADMIN, policy.SERVICE},
        policy.RESELLER_ADMIN: {policy.ADMIN, policy.RESELLER_ADMIN},
    }
    assert allowed == expected[policy.RULES[rule].project or policy.ADMIN]


@pytest.mark.parametrize(
    "rule", [name for name, rule in policy.RULES.items() if not rule.is_everybodys]
)
def test_nobody_and_strangers_may_nothing(rule):
    for caller in (_caller(), _caller("janitor")):
        with pytest.raises(errors.Forbidden, match=f"Policy doesn't allow {rule}"):
            policy.check(caller, rule)


def test_the_clouds_own_workers_may_everything():
    system = context.RequestContext(is_system=True)

    assert all(policy.allows(system, rule) for rule in policy.RULES)


@pytest.mark.parametrize("rule", policy.RULES)
def test_some_verb_asks_for_it(rule):
    texts = [path.read_text() for path in (ROOT / "services").rglob("*.py")]
    shelves = (catalog.regions, catalog.services, catalog.endpoints, catalog.policies)
    of_shelves = {each for shelf in shelves for each in shelf.rules.values()}

    assert rule in of_shelves or any(f'"{rule}"' in text for text in texts)
