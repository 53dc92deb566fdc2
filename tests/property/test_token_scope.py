"""What a token may never grows: whatever is granted, implied, handed on, rescoped or taken away.

Beside the cloud runs a model in plain sets, which works out anew, without SQL, what everybody has.
After every step each token that was ever got is refused, or has just what the model says: the roles
in effect of its user, or of whom it was got from, and of those no more than were handed on.
"""

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import argon2
from hypothesis import settings, strategies
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from appliance import config, context, errors, ids
from appliance.db import connection, groups, migrations, projects, roles, users
from appliance.model.project import DEFAULT_DOMAIN, Project
from appliance.model.role import SYSTEM, Assignment, Role
from appliance.model.user import Group, User
from services.identity import keys
from services.identity.api import (
    Credential,
    Identity,
    Password,
    Scope,
    Who,
    application_credentials,
)
from services.identity.api import grants as grant_verbs
from services.identity.api import groups as group_verbs
from services.identity.api import projects as project_verbs
from services.identity.api import roles as role_verbs
from services.identity.api import trusts as trust_verbs
from services.identity.api import users as user_verbs
from services.identity.api.application_credentials import NewCredential
from services.identity.api.trusts import NewTrust

PEOPLE = ("ann", "bob", "eve")
# the child of each: its parent; a domain has none
PARENTS = {"default": None, "edu": None, "top": "default", "low": "top", "far": "edu"}
PLACES = (*PARENTS, None)  # None is the system
ROLES = ("admin", "manager", "member", "reader", "chef", "cook")
OF_DOMAIN = "prefect"  # a role of the domain Default: it only implies
GROUP = "staff"

FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None  # thousands of commits
# the same argon2, made cheap: what is tested is not the hash
HASHED = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
ROOT = context.RequestContext(user_id=ids.UserId("root"), roles=frozenset({"admin"}))

Grant = tuple[str, str, str | None, bool]  # who, role, where, whether inherited
Nothing = MultipleResults[Any]  # what was not got


@dataclass(frozen=True, kw_only=True)
class Got:
    """A token, and what it was got by."""

    text: str
    bearer: str
    source: str  # whose roles they are: of a trust, who handed them on first
    place: str | None
    is_scoped: bool
    expires_at: str
    at_most: frozenset[str] | None = None  # the roles that were handed on
    is_all_or_nothing: bool = False  # of an application credential
    needs: tuple[str, ...] = ()  # trusts, or the credential, that it ends with


@dataclass
class Model:
    """What was done, in plain sets."""

    grants: set[Grant] = field(default_factory=set)
    implied: set[tuple[str, str]] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)  # users and places that are disabled
    ended: set[str] = field(default_factory=set)  # tokens, trusts and credentials

    def above(self, place: str | None) -> list[str]:
        found, one = [], PARENTS.get(place or "")
        while one is not None:
            found.append(one)
            one = PARENTS[one]
        return found

    def held(self, person: str, place: str | None) -> frozenset[str]:
        """The roles in effect, as Keystone's documents describe them."""
        whos = {person} | ({GROUP} if person in self.staff else set())
        found = {
            role
            for who, role, where, inherited in self.grants
            if who in whos and ((where in self.above(place)) if inherited else where == place)
        }
        return self.closure(found) - {OF_DOMAIN}

    def closure(self, found: set[str]) -> frozenset[str]:
        while more := {after for before, after in self.implied if before in found} - found:
            found = found | more
        return frozenset(found)

    def may(self, got: Got) -> frozenset[str] | None:
        """The roles that the token has now; None when it is refused."""
        home = self.above(got.place)[-1:]
        gone = {got.bearer, got.source, got.place if got.is_scoped else "", *home} & self.off
        if gone or self.ended & {got.text, *got.needs}:
            return None
        held = self.held(got.source, got.place) if got.is_scoped else frozenset()
        if got.at_most is None:
            return held
        if got.is_all_or_nothing and not got.at_most <= held:
            return None
        return held & got.at_most


class TokenScope(RuleBasedStateMachine):
    """The cloud against the model."""

    tokens, credentials, trusts = Bundle("tokens"), Bundle("credentials"), Bundle("trusts")
    people, places = strategies.sampled_from(PEOPLE), strategies.sampled_from(PLACES)
    some_role = strategies.sampled_from((*ROLES, OF_DOMAIN))

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="nbx-test-", dir=FOLDER))
        shutil.copytree(_beginning(), self.home, dirs_exist_ok=True)
        self.db = connection.open_db(self.home)
        self.identity = Identity(config.parse({}, home=self.home), self.db)
        self.model, self.got, self.count = Model(), list[Got](), 0
        self.known: dict[str, Any] = {}  # what a trust or a credential is, by its id
        self.id_by_role = {role.name: role.id for role in roles.listed(self.db)}

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.home)

    @initialize(target=tokens)
    def begin(self) -> Got | Nothing:
        """Something to hand on: most of what is tried by chance is refused."""
        for role in ("member", "chef"):
            self._grant(ROOT, ("ann", role, "top", False), is_back=False)
        self._grant(ROOT, ("bob", "manager", "default", False), is_back=False)
        self._grant(ROOT, ("bob", "manager", "default", True), is_back=False)
        for pair in (("manager", "member"), ("member", "reader")):
            self.imply(*pair, is_back=False)
        return multiple(
            self.log_in("ann", "top", is_scoped=True), self.log_in("bob", "default", is_scoped=True)
        )

    @invariant()
    def each_token_has_what_the_model_says(self) -> None:
        for got in self.got:
            try:
                ctx = self.identity.resolve(got.text)
            except errors.Unauthorized:
                assert self.model.may(got) in (None, frozenset()), got
                continue
            assert ctx.roles == self.model.may(got), got
            asked = ctx.domain_id or ctx.project_id or ("" if not got.is_scoped else None)
            assert asked == ("" if not got.is_scoped else got.place), got
            assert ctx.is_system_scoped == (got.is_scoped and got.place is None)

    # what an admin does

    @rule(
        who=strategies.sampled_from((*PEOPLE, GROUP)), role=some_role, place=places,
        inherited=strategies.booleans(),
    )  # fmt: skip
    def grant(self, *, who: str, role: str, place: str | None, inherited: bool) -> None:
        inherited = inherited and place is not None
        self._grant(ROOT, (who, role, place, inherited), is_back=False)

    @rule(data=strategies.data())
    def take_back(self, data: strategies.DataObject) -> None:
        if self.model.grants:
            some = sorted(self.model.grants, key=str)
            assert self._grant(ROOT, data.draw(strategies.sampled_from(some)), is_back=True)

    @rule(data=strategies.data())
    def imply_no_more(self, data: strategies.DataObject) -> None:
        if self.model.implied:
            pair = data.draw(strategies.sampled_from(sorted(self.model.implied)))
            self.imply(*pair, is_back=True)

    @rule(prior=some_role, implied=some_role)
    def imply_one(self, prior: str, implied: str) -> None:
        self.imply(prior, implied, is_back=False)

    def imply(self, prior: str, implied: str, *, is_back: bool) -> None:
        both, pair = (self.id_by_role[prior], self.id_by_role[implied]), (prior, implied)
        verb = role_verbs.imply_no_more if is_back else role_verbs.imply
        try:
            verb(self.db, ROOT, *both)
        except (errors.Forbidden, errors.NotFound):
            assert is_back or implied in ("admin", OF_DOMAIN)
        else:
            (self.model.implied.discard if is_back else self.model.implied.add)(pair)

    @rule(person=people)
    def join_or_leave(self, person: str) -> None:
        if person in self.model.staff:
            group_verbs.remove_member(self.db, ROOT, GROUP, person)
            self.model.staff.remove(person)
        else:
            group_verbs.add_member(self.db, ROOT, GROUP, person)
            self.model.staff.add(person)

    @rule(what=strategies.sampled_from((*PEOPLE, "top", "low", "far")))
    def switch(self, what: str) -> None:
        is_on = what in self.model.off
        verb = user_verbs.update if what in PEOPLE else project_verbs.update
        try:
            verb(self.db, ROOT, what, {"is_enabled": int(is_on)})
        except errors.Forbidden:
            return  # below what is disabled, or above what is enabled
        (self.model.off.discard if is_on else self.model.off.add)(what)

    # how tokens are got

    @rule(target=tokens, person=people, place=places, is_scoped=strategies.booleans())
    def log_in(self, person: str, place: str | None, *, is_scoped: bool) -> Got | Nothing:
        got = Got(
            text="", bearer=person, source=person, place=place if is_scoped else None,
            is_scoped=is_scoped, expires_at="9",
        )  # fmt: skip
        proof = Password(who=Who(id=person), password="secret")
        return self._login(proof, _scope(place, is_scoped=is_scoped), got)

    @rule(target=tokens, first=tokens, place=places, is_scoped=strategies.booleans())
    def rescope(self, first: Got, place: str | None, *, is_scoped: bool) -> Got | Nothing:
        """Another scope: the same user's roles there, and the same end; none from a part of it."""
        try:
            text, token = self.identity.by_token(first.text, _scope(place, is_scoped=is_scoped))
        except errors.NovaboxError:
            return multiple()
        assert first.at_most is None
        assert token.expires_at == first.expires_at
        got = replace(first, text=text, place=place if is_scoped else None, is_scoped=is_scoped)
        return self._keep(got)

    @rule(target=tokens, credential_id=credentials)
    def log_in_by_credential(self, credential_id: str) -> Got | Nothing:
        got, secret = self.known[credential_id]
        return self._login(Credential(id=credential_id, secret=secret), None, got)

    @rule(
        target=tokens, trust_id=trusts,
        person=strategies.sampled_from(("the trustee", "the trustee", *PEOPLE)),
    )  # fmt: skip
    def log_in_by_trust(self, trust_id: str, person: str) -> Got | Nothing:
        got = self.known[trust_id]
        person = person if person in PEOPLE else got.bearer
        proof = Password(who=Who(id=person), password="secret")
        found = self._login(proof, Scope(trust_id=trust_id), got)
        assert not isinstance(found, Got) or person == got.bearer
        return found

    # what a token's bearer does

    @rule(target=credentials, by=tokens, data=strategies.data())
    def make_credential(self, by: Got, data: strategies.DataObject) -> str | Nothing:
        ctx = self._ctx(by)
        if ctx is None:
            return multiple()
        wanted = data.draw(_some_roles(ctx))
        self.count += 1
        new = NewCredential(
            name=str(self.count), roles=tuple((None, name) for name in sorted(wanted)),
            is_unrestricted=True,
        )  # fmt: skip
        try:
            made, secret = application_credentials.create(self.db, ctx, ctx.user_id, new)
        except (errors.Forbidden, errors.BadRequest):
            return multiple()
        handed = frozenset(self._name(key) for key in made.roles)
        assert handed <= ctx.roles
        assert not ctx.trust_id
        got = Got(
            text="", bearer=by.bearer, source=by.bearer, place=by.place, is_scoped=True,
            expires_at="9", at_most=handed, is_all_or_nothing=True, needs=(made.id,),
        )  # fmt: skip
        self.known[made.id] = (got, secret.reveal())
        return made.id

    @rule(
        target=trusts, by=tokens, trustee=people, impersonates=strategies.booleans(),
        again=strategies.booleans(), data=strategies.data(),
    )  # fmt: skip
    def trust(
        self, *, by: Got, trustee: str, impersonates: bool, again: bool,
        data: strategies.DataObject,
    ) -> str | Nothing:  # fmt: skip
        ctx = self._ctx(by)
        if ctx is None:
            return multiple()
        wanted = data.draw(_some_roles(ctx))
        own = ctx.project_id or "top"
        place = data.draw(strategies.sampled_from((own, own, "top", "low", "far")))
        new = NewTrust(
            trustor_id=ctx.user_id, trustee_id=trustee, project_id=place,
            roles=tuple((None, name) for name in sorted(wanted)), is_impersonating=impersonates,
            is_redelegable=again,
        )  # fmt: skip
        try:
            made = trust_verbs.create(self.db, ctx, new)
        except (errors.Forbidden, errors.BadRequest, errors.NotFound):
            return multiple()
        source = by.source if ctx.trust_id else by.bearer
        assert wanted <= self.model.held(source, place)
        assert by.at_most is None or (wanted <= by.at_most and place == by.place)
        needs = (made.id, *(by.needs if ctx.trust_id else ()))
        self.known[made.id] = Got(
            text="", bearer=trustee, source=source, place=place, is_scoped=True, expires_at="9",
            at_most=frozenset(wanted), needs=needs,
        )  # fmt: skip
        return made.id

    @rule(by=tokens, who=people, role=some_role, place=places)
    def grant_by_token(self, *, by: Got, who: str, role: str, place: str | None) -> None:
        """Who is no admin gives what a manager may, in the domain that its token is for."""
        ctx = self._ctx(by)
        if ctx is None or "admin" in ctx.roles:
            return
        if self._grant(ctx, (who, role, place, False), is_back=False):
            assert "manager" in self.model.closure(set(ctx.roles))
            assert by.place == ([place, *self.model.above(place)])[-1] == "default"
            assert self.model.closure({role}) <= {"manager", "member", "reader"}

    @rule(trust_id=trusts)
    def end_trust(self, trust_id: str) -> None:
        try:
            trust_verbs.delete(self.db, ROOT, trust_id)
        except errors.NotFound:
            assert self.model.ended & set(self.known[trust_id].needs)
        self.model.ended.add(trust_id)

    @rule(credential_id=credentials)
    def end_credential(self, credential_id: str) -> None:
        if credential_id in self.model.ended:
            return
        got, _ = self.known[credential_id]
        application_credentials.delete(self.db, ROOT, got.bearer, credential_id)
        self.model.ended.add(credential_id)

    @rule(got=tokens)
    def revoke(self, got: Got) -> None:
        ctx = self._ctx(got)
        if ctx is not None:
            self.identity.revoke(ctx, got.text)
            self.model.ended.add(got.text)

    def _grant(self, ctx: context.RequestContext, grant: Grant, *, is_back: bool) -> bool:
        who, role, place, inherited = grant
        given = Assignment(
            role_id=self.id_by_role[role], user_id=who if who in PEOPLE else None,
            group_id=None if who in PEOPLE else who, target_id=place or SYSTEM,
            is_inherited=int(inherited),
        )  # fmt: skip
        try:
            (grant_verbs.revoke if is_back else grant_verbs.create)(self.db, ctx, given)
        except (errors.Forbidden, errors.NotFound):
            return False
        (self.model.grants.discard if is_back else self.model.grants.add)(grant)
        return True

    def _login(self, proof: Password | Credential, scope: Scope | None, got: Got) -> Got | Nothing:
        try:
            text, token = self.identity.login([proof], scope)
        except errors.Unauthorized:
            return multiple()
        return self._keep(replace(got, text=text, expires_at=token.expires_at))

    def _keep(self, got: Got) -> Got:
        self.got.append(got)
        assert self.model.may(got) is not None
        return got

    def _ctx(self, got: Got) -> context.RequestContext | None:
        try:
            return self.identity.resolve(got.text)
        except errors.Unauthorized:
            return None

    def _name(self, role_id: str) -> str:
        return next(name for name, key in self.id_by_role.items() if key == role_id)


def _some_roles(ctx: context.RequestContext) -> strategies.SearchStrategy[set[str]]:
    """Roles to hand on: often some that one has, now and then any."""
    own = sorted(ctx.roles) or list(ROLES)
    return strategies.one_of(
        strategies.sets(strategies.sampled_from(own), min_size=1),
        strategies.sets(strategies.sampled_from(ROLES), min_size=1, max_size=2),
    )


def _scope(place: str | None, *, is_scoped: bool) -> Scope:
    if not is_scoped:
        return Scope()
    if place is None:
        return Scope(is_system=True)
    who = Who(id=place)
    return Scope(domain=who) if PARENTS[place] is None else Scope(project=who)


@functools.cache
def _beginning() -> Path:
    """A state folder of before anything was granted, made once."""
    home = Path(tempfile.mkdtemp(prefix="nbx-test-", dir=FOLDER))
    atexit.register(shutil.rmtree, home)
    migrations.migrate(home)
    keys.ensure(config.parse({}, home=home).etc_dir)
    db = connection.open_db(home)
    with db.transaction() as tx:
        _populate(tx)
    db.close()
    return home


def _populate(tx: connection.Transaction) -> None:
    for name, parent in PARENTS.items():
        if name == DEFAULT_DOMAIN:
            continue  # every cloud has it
        domain_id = "" if parent is None else "edu" if name == "far" else DEFAULT_DOMAIN
        made = Project(
            id=ids.ProjectId(name), name=name, parent_id=parent, domain_id=domain_id,
            is_domain=int(parent is None),
        )  # fmt: skip
        projects.create(tx, made)
    for name in PEOPLE:
        users.create(tx, User(id=ids.UserId(name), name=name, password_hash=HASHED))
    groups.create(tx, Group(id=GROUP, name=GROUP))
    for name in ROLES:
        roles.create(tx, Role(id=ids.new_hex(), name=name))
    roles.create(tx, Role(id=ids.new_hex(), name=OF_DOMAIN, domain_id=DEFAULT_DOMAIN))


TestTokenScope = TokenScope.TestCase
TestTokenScope.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
