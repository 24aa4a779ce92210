"""Acts that the tests of the rules share: vices of the target, crowds of users, changes of the configuration."""

import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import orjson
import pytest

from provisor.applications.applications import update_application
from provisor.applications.capabilities import overrule_fact
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM, Actor
from provisor.directory.bulk import create_users
from provisor.directory.models import User
from provisor.directory.users import replace_user
from provisor.provisioning.brake import decisions
from provisor.provisioning.models import Hold
from tests.lab import LabOptions
from tests.provisioning.installation import Installation, now
from tests.servers import LabServer
from tests.servers.reader import by_name, post

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

#: Milliseconds by which a pass comes later, so that every back-off is over.
LATER = 7_200_000
DAY = 24 * 3_600_000

Entry = dict[str, Any]


@pytest.fixture(autouse=True)
def good_again(target: LabServer) -> Iterator[None]:
    """The lab target is shared by all tests: no vice of one reaches another."""
    target.set_options(**LabOptions().as_json())
    yield
    target.set_options(**LabOptions().as_json())


def fault(kind: str, method: str = "", path: str = "", **more: Any) -> dict[str, Any]:
    """One fault of the lab target; see `tests.lab.Fault`."""
    return {"kind": kind, "method": method, "path": path, **more}


def person(name: str, **attributes: Any) -> dict[str, Any]:
    """A user's document, as `Installation.user` makes it."""
    return {
        "userName": name,
        "name": {"givenName": name.title(), "familyName": "Example"},
        "displayName": f"{name.title()} Example",
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
        "active": True,
        **attributes,
    }


def crowd(count: int, prefix: str = "user") -> list[User]:
    """Create many users at once."""
    documents = [person(f"{prefix}{number:04d}") for number in range(count)]
    created = create_users(documents, actor=SYSTEM).created
    users = User.objects.in_bulk(list(created.values()))
    return [users[created[index]] for index in range(count)]


def change(user: User, *, by: Actor = SYSTEM, **attributes: Any) -> None:
    """Change attributes of a user; None takes one away."""
    document = {**User.objects.get(pk=user.pk).resource, **attributes}
    present = {name: value for name, value in document.items() if value is not None}
    replace_user(user.id, present, actor=by)


def configure(installation: Installation, **changes: Any) -> None:
    """Change the configuration of the application, as an administrator does."""
    update_application(installation.application.id, changes, actor=SYSTEM)


@contextmanager
def decided(later: int) -> Iterator[None]:
    """Let people decide so many milliseconds later."""
    with mock.patch.object(decisions, "now", return_value=now() + later):
        yield


def declare(installation: Installation, **facts: Any) -> None:
    """Say what the application can do, against its own word."""
    for name, value in facts.items():
        overrule_fact(installation.application.id, name, value, reason="a test", actor=SYSTEM)


def fresh(installation: Installation) -> Application:
    return Application.objects.get(pk=installation.application.pk)


def existing(target: LabServer, **attributes: Any) -> str:
    """An account that is in the application already, made by somebody else; returns its id."""
    created = post(f"{target.base_url}/Users", {"schemas": [USER_SCHEMA], **attributes}, target.token)
    return str(created["id"])


def log(target: LabServer, method: str = "", path: str = "", *, after: int = 0) -> list[Entry]:
    """What the target has received of Provisor, in order: from its discovery on, or behind entry `after`.

    What came before that is the test's own.
    """
    entries = target.requests(after=after)
    first = next((n for n, entry in enumerate(entries) if "ServiceProviderConfig" in entry["path"]), 0)
    return [
        entry
        for entry in entries[0 if after else first :]
        if (not method or entry["method"] == method) and entry["path"].startswith(path)
    ]


def received(target: LabServer) -> int:
    """How many requests have come so far, for `after`."""
    return len(target.requests())


def writes(target: LabServer, *, after: int = 0) -> list[Entry]:
    return [entry for entry in log(target, after=after) if entry["method"] != "GET"]


def passes(installation: Installation, count: int = 3) -> None:
    """Run passes, each so much later than the one before that every back-off is over."""
    for number in range(1, count + 1):
        installation.run(later=number * LATER)


def members(target: LabServer, group: str) -> set[str]:
    """User names of a group's members, whatever the vices hide; nobody is in it twice."""
    held = target.state()
    names = {user["id"]: name for name, user in held.users.items()}
    listed = [member["value"] for member in held.groups[group].get("members") or []]
    assert len(listed) == len(set(listed)), "a member is there twice"
    return {names.get(value, value) for value in listed}


def holds(installation: Installation, state: str = "held") -> list[Hold]:
    return list(
        Hold.objects.filter(application=installation.application, state=state).order_by("held_at", "id")
    )


def named(users: Iterable[User]) -> set[str]:
    return {user.user_name for user in users}


def only_once(target: LabServer) -> dict[str, Any]:
    """All accounts by name; fails when two have one name."""
    return by_name(target.state().users.values(), "userName")


def patch(target: LabServer, path: str, *operations: dict[str, Any]) -> None:
    """Change a resource as somebody else would."""
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    send(target, "PATCH", path, {"schemas": [schema], "Operations": list(operations)})


def send(target: LabServer, method: str, path: str, body: Any = None) -> None:
    """Send a request of somebody else."""
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/scim+json"}
    data = None if body is None else orjson.dumps(body)
    request = urllib.request.Request(target.base_url + path, data, headers, method=method)
    urllib.request.urlopen(request).close()


def delete(target: LabServer, path: str) -> None:
    """Delete a resource as somebody else would."""
    send(target, "DELETE", path)
