"""Judges whether a target holds exactly what the directory wants: read by plain HTTP, computed from plain tables."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from provisor.applications.models import Application, Policy
from provisor.directory.models import Group, Membership, Nesting, Pending, User
from provisor.provisioning.models import AccessInterval, Health, Link, LinkMember, Run
from tests.crash.company import ENTERPRISE
from tests.servers import Contents, LabServer

Resource = dict[str, Any]

#: States in which a link may end, beside in_sync and released, if it says why.
NAMED = {"waiting", "failed", "conflict", "held", "missing", "excluded"}
#: Attributes that the generic mapping sends and the company uses.
PLAIN = ("userName", "displayName", "name", "title")


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for a condition; returns how long it took, and fails with what was waited for."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"Not within {seconds} s: {what}; {describe()}")
        time.sleep(0.02)
    return time.monotonic() - began


def settled() -> bool:
    """Whether every change has been folded and no link is due or under way."""
    if Pending.objects.exists():
        return False
    return not (Link.objects.filter(state="due").exists() or Link.objects.exclude(intent=None).exists())


def let_time_pass() -> None:
    """Every back-off is over, as if hours had gone by."""
    Link.objects.filter(state="due", not_before__gt=0).update(not_before=0)
    Health.objects.filter(not_before__gt=0).update(not_before=0)


def settle(seconds: float) -> float:
    """Wait until everything is settled, while time passes quickly."""

    def done() -> bool:
        if settled():
            return True
        let_time_pass()
        return False

    return wait_until(done, seconds, "settled")


def describe() -> str:
    """Say in one line what is not at rest, for a failing test."""
    links = Link.objects.exclude(state__in=("in_sync", "released"))
    shown = list(links.values_list("kind", "state", "phase", "doubt", "reason")[:3])
    health = list(Health.objects.values_list("state", "reason"))
    return f"{dict(Counter(Link.objects.values_list('state', flat=True)))} {shown} {health}"


class Desired:
    """What the directory wants of one application, computed here without any code of the engine."""

    def __init__(self, application: Application) -> None:
        self.users = {user.id: user for user in User.objects.all()}
        policies = Policy.objects.filter(application=application)
        self._inside: dict[UUID, list[UUID]] = {}
        for parent, child in Nesting.objects.values_list("parent_id", "child_id"):
            self._inside.setdefault(parent, []).append(child)
        self._direct: dict[UUID, set[UUID]] = {}
        for group, user in Membership.objects.values_list("group_id", "user_id"):
            self._direct.setdefault(group, set()).add(user)
        groups = {group.id: group for group in Group.objects.filter(deleted_at=None)}
        self.groups = {
            groups[p.group_id].display_name: self.members(p.group_id)
            for p in policies
            if p.group_id in groups
        }
        granted = set().union(*self.groups.values()) if self.groups else set()
        self.scope = {one for one in granted if self.users[one].active and not self.users[one].deleted_at}

    def members(self, group: UUID) -> set[UUID]:
        """Everybody in a group, at any depth."""
        found = set(self._direct.get(group, ()))
        for child in self._inside.get(group, ()):
            found |= self.members(child)
        return found


def judge(application: Application, target: LabServer) -> Contents:
    """Compare the target with the directory, and both with what Provisor remembers; raises AssertionError."""
    desired, held = Desired(application), target.contents()
    accounts = _judge_accounts(desired, held)
    _judge_groups(desired, held, accounts)
    _judge_links(application)
    _judge_memory(application, held)
    return held


def _judge_accounts(desired: Desired, held: Contents) -> dict[UUID, str]:
    """Every user in scope has one right and live account; nobody else has a live one, and deleted users have none."""
    accounts: dict[UUID, Resource] = {}
    for name, account in held.users.items():
        user = desired.users.get(UUID(account["externalId"]))
        assert user is not None, f"{name} is nobody of ours"
        assert user.id not in accounts, f"{user.user_name} has two accounts, one of them called {name}"
        assert user.deleted_at is None, f"{name} was deleted here and is there still"
        accounts[user.id] = account
    absent = [desired.users[one].user_name for one in desired.scope - accounts.keys()]
    assert not absent, f"{len(absent)} have no account: {absent[:5]}"
    ids = {user: account["id"] for user, account in accounts.items()}
    for one, account in accounts.items():
        _judge_account(desired.users[one], account, ids, live=one in desired.scope)
    return ids


def _judge_account(user: User, account: Resource, ids: dict[UUID, str], *, live: bool) -> None:
    assert account["active"] is live, f"{user.user_name}: active is {account['active']}; {memory_of(user)}"
    if live:
        there, here = of_account(account), of_user(user, ids)
        differing = {path: (there[path], here[path]) for path in here if there[path] != here[path]}
        assert not differing, f"{user.user_name} differs, there and here: {differing}; {memory_of(user)}"


def of_account(account: Resource) -> Resource:
    work = [email["value"] for email in account.get("emails", ()) if email.get("type") == "work"]
    values = {name: account.get(name) for name in PLAIN}
    return {**values, "emails": work, "enterprise": _plain(account.get(ENTERPRISE, {}))}


def of_user(user: User, ids: dict[UUID, str]) -> Resource:
    """What the account should hold; a manager is named while there is an account of theirs, live or not."""
    document = user.resource
    enterprise = {**document.get(ENTERPRISE, {})}
    enterprise.pop("manager", None)
    if user.manager_id in ids:
        enterprise["manager"] = ids[user.manager_id]
    work = [email["value"] for email in document["emails"]]
    values = {name: document.get(name) for name in PLAIN}
    return {**values, "emails": work, "enterprise": enterprise}


def _plain(enterprise: Resource) -> Resource:
    manager = enterprise.get("manager")
    if not manager:
        return {name: value for name, value in enterprise.items() if name != "manager"}
    return {**enterprise, "manager": manager["value"] if isinstance(manager, dict) else manager}


def _judge_groups(desired: Desired, held: Contents, accounts: dict[UUID, str]) -> None:
    assert held.groups.keys() == desired.groups.keys()
    for name, members in desired.groups.items():
        listed = [member["value"] for member in held.groups[name].get("members") or []]
        assert len(listed) == len(set(listed)), f"{name} holds somebody twice"
        wanted = {accounts[user] for user in members if user in accounts}
        names = {account["id"]: each for each, account in held.users.items()}
        extra = sorted(names.get(one, one) for one in set(listed) - wanted)
        lacking = sorted(names.get(one, one) for one in wanted - set(listed))
        assert not extra, f"{name} holds {len(extra)} too many: {extra[:5]}"
        assert not lacking, f"{name} lacks {len(lacking)}: {lacking[:5]}"


def _judge_links(application: Application) -> None:
    for link in Link.objects.filter(application=application):
        assert link.intent is None, f"an open intent: {link.intent}"
        if link.state in {"in_sync", "released"}:
            assert not link.doubt, f"in doubt for ever: {link.doubt}"
            continue
        assert link.state in NAMED, f"{link.kind} ended {link.state}: {link.reason}"
        assert link.reason, f"{link.kind} is {link.state} and does not say why"


def _judge_memory(application: Application, held: Contents) -> None:
    """What Provisor remembers is what is there: members, and who has access."""
    ids = {group["id"]: {m["value"] for m in group.get("members") or []} for group in held.groups.values()}
    remembered: dict[str, set[str]] = {identifier: set() for identifier in ids}
    rows = LinkMember.objects.filter(link__application=application).exclude(remote_id=None)
    for group, member in rows.values_list("link__remote_id", "remote_id"):
        remembered[group].add(member)
    assert remembered == ids
    live = {account["id"] for account in held.users.values() if account["active"]}
    open_intervals = AccessInterval.objects.filter(application=application, to_at=None)
    assert sorted(open_intervals.values_list("remote_id", flat=True)) == sorted(live)


def judge_silence(target: LabServer, seconds: float) -> None:
    """R3: a steady directory sends nothing at all."""
    before = len(target.requests())
    time.sleep(seconds)
    sent = target.requests(after=before)
    assert sent == [], f"{len(sent)} requests although nothing changed: {sent[:3]}"


def memory_of(user: User) -> dict[str, Any]:
    """What Provisor remembers of a user's account, for a failing test."""
    names = ("state", "cause", "phase", "generation", "done_generation", "sent", "doubt", "etag", "reason")
    return Link.objects.filter(local_id=user.id).values(*names).first() or {}


def unended_runs(application: Application) -> int:
    """Runs that say they are under way although no pass is."""
    return Run.objects.filter(application=application, state__in=("running", "requested")).count()
