"""What a token may never grows: whatever is granted, implied, handed on, rescoped or taken away.

Beside the cloud runs a model in plain sets, which works out anew, without SQL, what everybody has.
After every step each token that was ever got is refused, or has just what the model says: the roles
in effect of its user, or of whom it was got from, and of those no more than were handed on.
"""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import argon2
from hypothesis import given, settings, strategies

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
EVERY = (*ROLES, OF_DOMAIN)
GROUP = "staff"

FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None  # thousands of commits
# the same argon2, made cheap: what is tested is not the hash
HASHED = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
STEPS = 30
ROOT = context.RequestContext(user_id=ids.UserId("root"), roles=frozenset({"admin"}))

Grant = tuple[str, str, str | None, bool]  # who, role, where, whether inherited
Draw = Callable[[Any], Any]
T = TypeVar("T")


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
    via: tuple[str, ...] = ()  # who handed it on


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
        place = got.place if got.is_scoped else ""
        gone = {got.bearer, got.source, *got.via, place, *home} & self.off
        if gone or self.ended & {got.text, *got.needs}:
            return None
        held = self.held(got.source, got.place) if got.is_scoped else frozenset()
        if got.at_most is None:
            return held
        if got.is_all_or_nothing and not got.at_most <= held:
            return None
        return held & got.at_most


class World:
    """The cloud, the model, and every token that was ever got."""

    def __init__(self, home: Path, draw: Draw) -> None:
        self.db = connection.open_db(home)
        self.identity = Identity(config.parse({}, home=home), self.db)
        self.draw = draw
        self.model, self.got = Model(), list[Got]()
        self.credentials: dict[str, tuple[Got, str]] = {}  # with its secret
        self.trusts: dict[str, Got] = {}
        self.id_by_role = {role.name: role.id for role in roles.listed(self.db)}
        self.name_by_role = {key: name for name, key in self.id_by_role.items()}

    def begin(self) -> None:
        """Something to hand on: most of what is tried by chance is refused."""
        for role in ("member", "chef"):
            self._grant(ROOT, ("ann", role, "top", False))
        for inherited in (False, True):
            self._grant(ROOT, ("bob", "manager", "default", inherited))
        self._grant(ROOT, ("ann", OF_DOMAIN, "top", False))
        for pair in (("manager", "member"), ("member", "reader"), (OF_DOMAIN, "cook")):
            self._imply(*pair)
        for person, place in (("bob", "default"), ("ann", "top")):
            self._log_in(person, place, is_scoped=True)
        self._make_credential(self.got[-1], ["chef", "member"])
        self._use_credential(list(self.credentials)[-1])
        self._make_credential(self.got[-1], [])  # all that it has, and it is a part
        kind = {"is_impersonating": self._one((True, False))}
        self._trust(self.got[1], "bob", "top", ["member", "reader"], **kind)
        self._use_trust(list(self.trusts)[-1], "bob")
        self._trust(self.got[-1], "eve", "top", ["member"], **kind)
        self._use_trust(list(self.trusts)[-1], "eve")
        assert len(self.got) == 5

    def check(self) -> None:
        """Each token is refused, or has what the model says, where it is for."""
        for got in self.got:
            try:
                ctx = self.identity.resolve(got.text)
            except errors.Unauthorized:
                assert self.model.may(got) in (None, frozenset()), got
                continue
            assert ctx.roles == self.model.may(got), got
            place = (got.place or "") if got.is_scoped else ""
            assert (ctx.domain_id or ctx.project_id) == place, got
            assert ctx.is_system_scoped == (got.is_scoped and got.place is None)

    # what an admin does

    def grant(self) -> None:
        """Any role to anybody anywhere."""
        place = self._one(PLACES)
        inherited = place is not None and self._one((False, True))
        self._grant(ROOT, (self._one((*PEOPLE, GROUP)), self._one(EVERY), place, inherited))

    def take_back(self) -> None:
        """Any grant; rather one of somebody who has handed something on."""
        every = sorted(self.model.grants, key=str)
        sources = {one.source for one in self.got if one.at_most is not None}
        telling = [one for one in every if one[0] in sources]
        if every:
            assert self._grant(ROOT, self._one(self._one((every, telling or every))), is_back=True)

    def imply(self) -> None:
        """Any role by any other; `admin` and roles of a domain are implied by none of the cloud."""
        self._imply(self._one(EVERY), self._one(EVERY))

    def imply_no_more(self) -> None:
        """One that is implied."""
        if self.model.implied:
            pair = self._one(sorted(self.model.implied))
            role_verbs.imply_no_more(self.db, ROOT, *(self.id_by_role[name] for name in pair))
            self.model.implied.remove(pair)

    def join_or_leave(self) -> None:
        """The group."""
        person = self._one(PEOPLE)
        is_in = person in self.model.staff
        verb = group_verbs.remove_member if is_in else group_verbs.add_member
        verb(self.db, ROOT, GROUP, person)
        self.model.staff ^= {person}

    def switch(self) -> None:
        """A user or a project off, or on again."""
        what = self._one(("ann", "bob", "eve", "top", "low", "far"))
        verb = user_verbs.update if what in PEOPLE else project_verbs.update
        try:
            verb(self.db, ROOT, what, {"is_enabled": int(what in self.model.off)})
        except errors.Forbidden:
            return  # below what is disabled, or above what is enabled
        self.model.off ^= {what}

    def end(self) -> None:
        """A trust or a credential."""
        every = (*self.trusts, *self.credentials)
        handed = [key for key in every if key not in self.model.ended]
        if not handed:
            return
        key = self._one(handed)
        if key in self.trusts:
            if not self.model.ended & set(self.trusts[key].needs):
                trust_verbs.delete(self.db, ROOT, key)
        else:
            application_credentials.delete(self.db, ROOT, self.credentials[key][0].bearer, key)
        self.model.ended.add(key)

    # how tokens are got

    def log_in(self) -> None:
        """With a password, for anything."""
        self._log_in(self._one(PEOPLE), self._one(PLACES), is_scoped=self._one((True, True, False)))

    def rescope(self) -> None:
        """The same user's roles elsewhere, and the same end; none from a part of a user."""
        first, place = self._one(self.got), self._one(PLACES)
        is_scoped = self._one((True, False))
        try:
            text, token = self.identity.by_token(first.text, _scope(place, is_scoped=is_scoped))
        except errors.NovaboxError:
            return
        assert first.at_most is None
        assert token.expires_at == first.expires_at
        place = place if is_scoped else None
        self.got.append(replace(first, text=text, place=place, is_scoped=is_scoped))

    def use_credential(self) -> None:
        """Its token."""
        if self.credentials:
            self._use_credential(self._one(list(self.credentials)))

    def use_trust(self) -> None:
        """Its token; nobody but the trustee gets one."""
        if self.trusts:
            key = self._one(list(self.trusts))
            self._use_trust(key, self._one((*[self.trusts[key].bearer] * 4, *PEOPLE)))

    # what the bearer of a token does

    def make_credential(self) -> None:
        """Of some of its roles."""
        by, ctx = self._bearer()
        if ctx is not None:
            self._make_credential(by, self._some_roles(ctx))

    def _make_credential(self, by: Got, wanted: list[str]) -> None:
        ctx = self.identity.resolve(by.text)
        new = NewCredential(
            name=ids.new_hex(), roles=tuple((None, name) for name in wanted), is_unrestricted=True
        )
        try:
            made, secret = application_credentials.create(self.db, ctx, ctx.user_id, new)
        except (errors.Forbidden, errors.BadRequest):
            return
        handed = frozenset(self.name_by_role[key] for key in made.roles)
        assert handed <= ctx.roles
        assert not ctx.trust_id
        got = replace(
            by, source=by.bearer, is_scoped=True, at_most=handed, is_all_or_nothing=True,
            needs=(made.id,),
        )  # fmt: skip
        self.credentials[made.id] = (got, secret.reveal())

    def trust(self) -> None:
        """Somebody with some of its roles, or of those that were handed to it."""
        by, ctx = self._bearer()
        if ctx is None:
            return
        own = ctx.project_id or "top"
        place, wanted = self._one((own, own, own, "top", "low", "far")), self._some_roles(ctx)
        self._trust(
            by, self._one(PEOPLE), place, wanted,
            is_impersonating=self._one((True, False)),
            is_redelegable=self._one((True, True, False)),
        )  # fmt: skip

    def _trust(
        self,
        by: Got,
        trustee: str,
        place: str,
        wanted: list[str],
        *,
        is_impersonating: bool = True,
        is_redelegable: bool = True,
    ) -> None:
        ctx = self.identity.resolve(by.text)
        new = NewTrust(
            trustor_id=ctx.user_id, trustee_id=trustee, project_id=place,
            roles=tuple((None, name) for name in wanted),
            is_impersonating=is_impersonating, is_redelegable=is_redelegable,
        )  # fmt: skip
        try:
            made = trust_verbs.create(self.db, ctx, new)
        except (errors.Forbidden, errors.BadRequest, errors.NotFound):
            return
        source = by.source if ctx.trust_id else by.bearer
        assert set(wanted) <= self.model.held(source, place)
        assert by.at_most is None or (set(wanted) <= by.at_most and place == by.place)
        self.trusts[made.id] = Got(
            text="", bearer=new.trustee_id, source=source, place=place, is_scoped=True,
            expires_at="", at_most=frozenset(wanted),
            needs=(made.id, *(by.needs if ctx.trust_id else ())), via=(*by.via, by.bearer),
        )  # fmt: skip

    def grant_by_token(self) -> None:
        """Who is no admin gives what a manager may, in the domain that its token is for."""
        by, ctx = self._bearer(self.got[:1])  # a manager, to begin with
        if ctx is None or "admin" in ctx.roles:
            return
        who, role, place = self._one(PEOPLE), self._one(EVERY), self._one(PLACES)
        if self._grant(ctx, (who, role, place, False)):
            assert "manager" in self.model.closure(set(ctx.roles))
            assert by.place == [place, *self.model.above(place)][-1] == "default"
            assert self.model.closure({role}) <= {"manager", "member", "reader"}

    def revoke(self) -> None:
        """A token, by itself."""
        by, ctx = self._bearer()
        if ctx is not None:
            self.identity.revoke(ctx, by.text)
            self.model.ended.add(by.text)

    def _one(self, some: Sequence[T]) -> T:
        return self.draw(strategies.sampled_from(some))

    def _bearer(
        self, rather: Sequence[Got] | None = None
    ) -> tuple[Got, context.RequestContext | None]:
        """One of the tokens, often one of `rather`, or of the last; and what it comes to now."""
        by = self._one(self._one((self.got, rather or self.got[-3:])))
        try:
            return by, self.identity.resolve(by.text)
        except errors.Unauthorized:
            return by, None

    def _use_credential(self, key: str) -> None:
        got, secret = self.credentials[key]
        self._login(Credential(id=key, secret=secret), None, got)

    def _use_trust(self, key: str, person: str) -> None:
        got = self.trusts[key]
        is_got = self._login(_password(person), Scope(trust_id=key), got)
        assert person == got.bearer or not is_got

    def _some_roles(self, ctx: context.RequestContext) -> list[str]:
        """Roles to hand on: often all or some that one has, now and then any."""
        own = sorted(ctx.roles) or list(ROLES)
        some = strategies.lists(strategies.sampled_from(own), unique=True)
        more = strategies.lists(strategies.sampled_from(ROLES), min_size=1, max_size=2, unique=True)
        return self.draw(strategies.one_of(strategies.just(own), some, more))

    def _imply(self, prior: str, implied: str) -> None:
        try:
            role_verbs.imply(self.db, ROOT, self.id_by_role[prior], self.id_by_role[implied])
        except errors.Forbidden:
            assert implied in ("admin", OF_DOMAIN)
        else:
            self.model.implied.add((prior, implied))

    def _grant(self, ctx: context.RequestContext, grant: Grant, *, is_back: bool = False) -> bool:
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

    def _log_in(self, person: str, place: str | None, *, is_scoped: bool) -> None:
        got = Got(
            text="", bearer=person, source=person, place=place if is_scoped else None,
            is_scoped=is_scoped, expires_at="",
        )  # fmt: skip
        self._login(_password(person), _scope(place, is_scoped=is_scoped), got)

    def _login(self, proof: Password | Credential, scope: Scope | None, got: Got) -> bool:
        """Whether there was a token."""
        try:
            text, token = self.identity.login([proof], scope)
        except errors.Unauthorized:
            return False
        self.got.append(replace(got, text=text, expires_at=token.expires_at))
        return True


# as often as each stands here
ACTIONS = (
    World.grant, World.grant, World.take_back, World.take_back, World.imply, World.imply_no_more,
    World.join_or_leave, World.switch, World.end, World.log_in, World.log_in, World.rescope,
    World.rescope, World.make_credential, World.make_credential, World.use_credential,
    World.use_credential, World.trust, World.trust, World.trust, World.use_trust, World.use_trust,
    World.use_trust, World.grant_by_token, World.revoke,
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(strategies.data())
def test_what_a_token_may_never_grows(data: strategies.DataObject) -> None:
    home = Path(tempfile.mkdtemp(prefix="nbx-test-", dir=FOLDER))
    shutil.copytree(_beginning(), home, dirs_exist_ok=True)
    world = World(home, data.draw)
    try:
        world.begin()
        for _ in range(STEPS):
            data.draw(strategies.sampled_from(ACTIONS))(world)
            world.check()
    finally:
        world.db.close()
        shutil.rmtree(home)


def _password(person: str) -> Password:
    return Password(who=Who(id=person), password="secret")


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
