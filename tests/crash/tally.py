"""What kills have done: what is lost, what is there twice, and what arrived in the wrong order. All must be none."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from provisor.applications.models import Application
from tests.crash.busy import EDITION, edition_of
from tests.crash.judge import Desired, judge, memory_of, of_account, of_user
from tests.servers import LabServer
from tests.servers.reader import read_all

Resource = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """Sentences, one for each thing that went wrong."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    #: Whatever else the judge finds: memory, links, members, strangers.
    wrong: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        return [*self.lost, *self.duplicated, *self.reordered, *self.wrong]


def tally(application: Application, target: LabServer, writes: "Writes") -> Tally:
    """Compare a settled target with the directory, account by account, and look at the order of what arrived."""
    held = Tally(reordered=list(writes.reordered))
    accounts = _accounts(target, held)
    desired = Desired(application)
    ids = {UUID(user): account["id"] for user, account in accounts.items()}
    for one in desired.scope:
        user, account = desired.users[one], accounts.get(str(one))
        if account is None:
            held.lost.append(f"{user.user_name} has no account: {memory_of(user)}")
        elif not account["active"]:
            held.lost.append(f"{user.user_name} is inactive there: {memory_of(user)}")
        else:
            there, here = of_account(account), of_user(user, ids)
            held.lost += [
                f"{user.user_name}: {name} is {there[name]}" for name in here if there[name] != here[name]
            ]
    live = {one for one, account in accounts.items() if account["active"]}
    held.lost += [f"{one} left and is live" for one in live - {str(each) for each in desired.scope}]
    _judge_the_rest(application, target, held)
    return held


def _accounts(target: LabServer, held: Tally) -> dict[str, Resource]:
    users = read_all(target.base_url, target.token, "Users")
    groups = read_all(target.base_url, target.token, "Groups")
    owners = Counter(account.get("externalId") for account in users)
    names = Counter(group["displayName"] for group in groups)
    held.duplicated += [f"{count} accounts of {owner}" for owner, count in owners.items() if count > 1]
    held.duplicated += [f"{count} groups called {name}" for name, count in names.items() if count > 1]
    for group in groups:
        members = Counter(member["value"] for member in group.get("members") or ())
        held.duplicated += [
            f"{one} is in {group['displayName']} twice" for one, n in members.items() if n > 1
        ]
    return {str(account.get("externalId")): account for account in users}


def _judge_the_rest(application: Application, target: LabServer, held: Tally) -> None:
    """Members, strangers, and what Provisor remembers; what was found already is not counted again."""
    if held.all():
        return
    try:
        judge(application, target)
    except AssertionError as problem:
        held.wrong.append(str(problem))


class Writes:
    """Follows what arrives at a target: the editions of each account must rise. The log is read once, piece by piece."""

    def __init__(self, target: LabServer) -> None:
        self._target = target
        self._seen = 0
        self._latest: dict[str, int] = {}
        self.count = 0
        self.reordered: list[str] = []

    def follow(self) -> None:
        """Read what has arrived since the last time."""
        entries = self._target.requests(after=self._seen, whole=True)
        self._seen += len(entries)
        for entry in entries:
            if entry["method"] != "GET":
                self.count += 1
                self._take(entry)

    def _take(self, entry: dict[str, Any]) -> None:
        account = _account(entry)
        for edition in map(edition_of, _editions(entry["body"])) if account else ():
            latest = self._latest.get(account, 0)
            if edition < latest:
                self.reordered.append(f"{account}: edition {edition} arrived after {latest}")
            self._latest[account] = max(edition, latest)


def _account(entry: dict[str, Any]) -> str:
    """The id of the account that a request is about; empty for a creation that made none, and for groups."""
    if not entry["path"].startswith("/Users"):
        return ""
    return str(entry["created"]) if entry["method"] == "POST" else str(entry["path"].rpartition("/")[2])


def _editions(body: str) -> Iterator[Any]:
    """Every value of the attribute that counts editions, in whatever form it was sent."""
    document = json.loads(body) if body else None
    if not isinstance(document, dict):
        return
    for part in (document, *document.get("Operations", ())):
        value = part.get("value")
        if part.get("path") == EDITION:
            yield value
        for values in (part, value if isinstance(value, dict) else {}):
            if EDITION in values:
                yield values[EDITION]
