"""The verdict at rest: every application holds exactly what the directory wants, and every link says how it stands."""

from typing import Any
from uuid import UUID

from provisor.audit.verify import verify
from provisor.directory.models import User
from provisor.provisioning.models import AccessInterval, Hold, Link, LinkMember, Run
from tests.crash.judge import NAMED, Desired, memory_of, of_account, of_user
from tests.simulation.company import Installed
from tests.simulation.watcher import Violation, Watcher, is_active

Resource = dict[str, Any]


def judge(installed: Installed, watcher: Watcher) -> None:
    """Raises Violation with the number of the rule."""
    try:
        _judge(installed, watcher)
    except AssertionError as error:
        where = f"({installed.application.name}, {installed.drawn.odd})"
        raise Violation(f"R1: {error} {where}") from error


def judge_audit() -> None:
    verification = verify()
    if not verification.ok:
        raise Violation(f"R18: {verification.problem}")


def _judge(installed: Installed, watcher: Watcher) -> None:
    desired = Desired(installed.application)
    kept = _kept(installed)
    taken = _taken(installed)
    _judge_links(installed, kept, taken)
    ids = _judge_accounts(installed, watcher, desired, kept, taken)
    if installed.drawn.options.groups:
        _judge_groups(installed, desired, _with_unfinished(installed, ids))
    _judge_memory(installed, watcher)
    unended = Run.objects.filter(application=installed.application, state__in=("running", "requested"))
    assert not unended.exists(), "a run says that it is under way, and none is"


def _kept(installed: Installed) -> set[UUID]:
    """Those whose removal a person has rejected."""
    rejected = Hold.objects.filter(application=installed.application, state=Hold.State.REJECTED)
    return set(Link.objects.filter(pk__in=rejected.values("link_id")).values_list("local_id", flat=True))


def _taken(installed: Installed) -> set[UUID]:
    """Those who are to be called what an account is called that was there before and that nobody has adopted: a person's to solve."""
    records = installed.network.target.store.users.records.values()
    names = {str(each.resource["userName"]).lower() for each in records if "externalId" not in each.resource}
    conflicts = Link.objects.filter(application=installed.application, kind="user", state=Link.State.CONFLICT)
    users = User.objects.filter(pk__in=list(conflicts.values_list("local_id", flat=True)))
    return {user.id for user in users if user.user_name.lower() in names}


def _judge_links(installed: Installed, kept: set[UUID], taken: set[UUID]) -> None:
    for link in Link.objects.filter(application=installed.application):
        assert link.intent is None, f"an open intent: {link.intent}"
        if link.state in {"in_sync", "released"}:
            # what a person keeps is not asked about any more
            assert not link.doubt or link.local_id in kept, f"in doubt for ever: {link.doubt}"
            continue
        assert link.state in NAMED, f"{link.kind} ended {link.state}: {link.reason}"
        assert link.reason, f"{link.kind} is {link.state} and does not say why"
        if link.local_id in taken:
            continue
        if link.kind == "group" and not installed.drawn.options.groups:
            assert link.state == "missing", f"a group ended {link.state} where there are none: {link.reason}"
            continue
        assert link.state in {"held", "excluded", "waiting"}, f"{link.kind} ended {link.state}: {link.reason}"


def _judge_accounts(
    installed: Installed, watcher: Watcher, desired: Desired, kept: set[UUID], taken: set[UUID]
) -> dict[UUID, str]:
    accounts: dict[UUID, Resource] = {}
    deleted = {user.id for user in desired.users.values() if user.deleted_at}
    for record in installed.network.target.store.users.records.values():
        account = record.whole()
        if record.id in watcher.strangers or "externalId" not in account:
            continue
        user = UUID(account["externalId"])
        assert user not in accounts, f"{account['userName']} has two accounts"
        spared = user in kept or (not installed.drawn.options.delete and not is_active(account))
        assert user not in deleted or spared, f"{account['userName']} was deleted here and is there still"
        accounts[user] = account
    absent = [desired.users[one] for one in desired.scope - accounts.keys()]
    assert not absent, f"{len(absent)} have no account; the first is {absent[0]}: {memory_of(absent[0])}"
    ids = {user: account["id"] for user, account in accounts.items()}
    for one, account in accounts.items():
        user_, live = desired.users[one], one in desired.scope
        if one in kept and not live:
            continue
        assert is_active(account) is live, (
            f"{user_.user_name}: active is {account.get('active')}; {memory_of(user_)}"
        )
        if live and one not in taken:
            there, here = of_account(account), of_user(user_, ids)
            here = {path: None if path in installed.drawn.options.drops else here[path] for path in here}
            manager = there["enterprise"].get("manager")
            if installed.drawn.options.active_false_deletes and manager and manager not in ids.values():
                # the account of the manager went with its deactivation; who is named there says nothing any more
                for side in (there, here):
                    side["enterprise"].pop("manager", None)
            differing = {path: (there[path], here[path]) for path in here if there[path] != here[path]}
            assert not differing, (
                f"{user_.user_name} differs, there and here: {differing}; {memory_of(user_)}"
            )
    return ids


def _with_unfinished(installed: Installed, ids: dict[UUID, str]) -> dict[UUID, str]:
    """With the accounts that were there before, and left before they were given their externalId."""
    links = Link.objects.filter(application=installed.application, kind="user", state="released")
    there = installed.network.target.store.users.records
    left = links.values_list("local_id", "remote_id")
    return {**{user: identifier for user, identifier in left if identifier in there}, **ids}


def _judge_groups(installed: Installed, desired: Desired, accounts: dict[UUID, str]) -> None:
    groups: dict[str, set[str]] = {}
    pushed = Link.objects.filter(application=installed.application, kind="group", in_scope=True)
    ours = set(pushed.values_list("remote_id", flat=True))
    for record in installed.network.target.store.groups.records.values():
        if record.id in ours:
            name = record.resource["displayName"]
            assert name not in groups, f"{name} is there twice"
            groups[name] = set(record.members)
    assert groups.keys() == desired.groups.keys(), f"{sorted(groups)} there, {sorted(desired.groups)} here"
    held = set(
        LinkMember.objects.filter(link__application=installed.application, held=True).values_list(
            "remote_id", flat=True
        )
    )
    for name, members in desired.groups.items():
        wanted = {accounts[user] for user in members if user in accounts}
        extra, lacking = groups[name] - wanted - held, wanted - groups[name]
        assert not extra, f"{name} holds {len(extra)} too many: {sorted(extra)[:3]}"
        assert not lacking, f"{name} lacks {len(lacking)}: {sorted(lacking)[:3]}"


def _judge_memory(installed: Installed, watcher: Watcher) -> None:
    """What Provisor remembers of members and of who is live is what is there."""
    groups = installed.network.target.store.groups.records
    remembered: dict[str, set[str]] = {}
    # a group that is not pushed any more is left alone, and so is what is remembered of it
    rows = LinkMember.objects.filter(link__application=installed.application, link__in_scope=True).exclude(
        remote_id=None
    )
    for group, member in rows.values_list("link__remote_id", "remote_id"):
        remembered.setdefault(group, set()).add(member)
    for identifier, members in remembered.items():
        assert identifier in groups, "members are remembered of a group that is not there"
        # the membership of an account that is gone went with it
        living = members & installed.network.target.store.users.records.keys()
        assert living == set(groups[identifier].members), "other members are remembered than are there"
    live = {
        record.id
        for record in installed.network.target.store.users.records.values()
        if record.id not in watcher.strangers
        and "externalId" in record.resource
        and is_active(record.resource)
    }
    intervals = AccessInterval.objects.filter(application=installed.application, to_at=None)
    remembered_live = sorted(intervals.values_list("remote_id", flat=True))
    assert remembered_live == sorted(live), (
        f"{len(remembered_live)} are remembered as live, {len(live)} are: {sorted(live ^ set(remembered_live))}"
    )
