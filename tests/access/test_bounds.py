"""Who looks after some applications: what they see of the others, and what they can do to them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from provisor.access import accounts
from provisor.access.accounts import create_account
from provisor.access.models import Account, Token
from provisor.access.narrowing import known, narrowed_to
from provisor.access.permissions import UNBOUNDED, Permission
from provisor.access.principals import of_account
from provisor.access.refusal import AccessRefusal
from provisor.access.tokens import authenticate, issue
from provisor.applications.models import Application, Policy
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.models import JournalEntry
from provisor.provisioning.models import AccessInterval, Attempt, Link
from tests.access import matrix_world
from tests.access.conftest import PASSWORD
from tests.access.matrix import rows
from tests.access.matrix_world import Caller
from tests.access.routes import address_of
from tests.access.test_route_matrix import callers, elsewhere, inside, quiet, values  # noqa: F401 - fixtures

#: The name of the application that nobody bound may hear of: it is in names of its policy and groups, too.
SECRET = "Zeppelin"


def _bound(*applications: Application, role: str = "application-administrator") -> Account:
    ids = [each.id for each in applications]
    return create_account("bound@example.com", PASSWORD, role, SYSTEM, applications=ids)


def test_bounds_leave_what_reaches_further_to_others(inside: Application):  # noqa: F811
    """The directory reaches every application, so it is not for who looks after some of them (record 14)."""
    principal = of_account(_bound(inside))
    assert not any(principal.may(permission) for permission in UNBOUNDED)
    assert principal.may(Permission.MANAGE_APPLICATIONS, inside.id)
    assert not principal.may(Permission.MANAGE_APPLICATIONS, uuid4())


def test_bounds_that_name_nothing_are_nothing_and_none_is_all(inside: Application):  # noqa: F811
    """An empty list must never be read as everything."""
    nothing = of_account(_bound())
    assert not nothing.may(Permission.READ, inside.id)
    everything = create_account("all@example.com", PASSWORD, "application-administrator", SYSTEM)
    assert of_account(everything).may(Permission.MANAGE_DIRECTORY)
    with narrowed_to(frozenset()):
        assert not known(Application.objects.all(), "pk").exists()


@pytest.mark.parametrize("role", ["owner", "auditor"])
def test_bounds_are_refused_for_roles_that_have_all(db: None, role: str):
    """An owner of some applications would be no owner."""
    with pytest.raises(AccessRefusal, match="is for all applications"):
        create_account("a@example.com", PASSWORD, role, SYSTEM, applications=[])


def test_bounds_are_changed_with_the_role_and_audited(inside: Application):  # noqa: F811
    """And they go when the role has all."""
    account = _bound(inside)
    accounts.change_role(account.id, "help-desk", SYSTEM)
    account.refresh_from_db()
    assert account.applications == [str(inside.id)]
    accounts.change_role(account.id, "help-desk", SYSTEM, applications=[])
    accounts.change_role(account.id, "auditor", SYSTEM)
    account.refresh_from_db()
    assert account.applications is None
    assert AuditEntry.objects.filter(act="account.role_changed").count() == 3


def test_bounds_of_a_token_are_within_those_of_its_account_at_the_time_of_use(
    inside: Application,  # noqa: F811
):
    """What the account loses, its tokens lose at once; what it never had, they never get."""
    other = matrix_world.application("Other")
    account = _bound(inside, other)
    _, plain = issue(account, "t", account.role, SYSTEM, applications=[inside.id, uuid4()])
    assert _applications(plain) == {inside.id}
    accounts.change_role(account.id, account.role, SYSTEM, applications=[other.id])
    assert _applications(plain) == frozenset()


def _applications(plain: str) -> Any:
    principal = authenticate(plain)
    assert principal is not None
    return principal.applications


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"use": "all"}, "use"),
        ({"applications": None}, "applications"),
        ({"expires_at": None}, "expires_at"),
    ],
)
def test_a_token_passes_on_no_more_than_it_has(owner: Account, wish: dict[str, Any], field: str):
    """Not the role, the use, the applications or the life of its account, which may be an owner."""
    mine, ends = uuid4(), timezone.now() + timedelta(days=1)
    had = {
        "role": "application-administrator",
        "use": "scim-only",
        "applications": [mine],
        "expires_at": ends,
    }
    _, plain = issue(owner, "first", had["role"], SYSTEM, **{k: v for k, v in had.items() if k != "role"})  # type: ignore[arg-type]
    giver = authenticate(plain)
    asked = had | wish
    role = str(asked.pop("role"))
    if role == "owner":
        asked["applications"] = None
    with pytest.raises(AccessRefusal) as caught:
        issue(owner, "second", role, SYSTEM, by=giver, **asked)  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.kind) == (field, "exceeds")
    issue(
        owner, "second", str(had["role"]), SYSTEM, by=giver, **{k: v for k, v in had.items() if k != "role"}
    )  # type: ignore[arg-type]


def test_what_a_token_belongs_to_is_changed_by_nothing(owner: Account):
    """No service takes a token but to use, show or revoke it (CVE-2024-37905)."""
    other = create_account("other@example.com", PASSWORD, "owner", SYSTEM)
    held, plain = issue(other, "t", "auditor", SYSTEM)
    api = Caller(token=issue(owner, "o", "owner", SYSTEM)[1])
    for method in ("PUT", "PATCH", "POST"):
        assert api.ask(method, f"/api/v1/tokens/{held.pk}", pages=False).status_code == 405
    answer = api.ask(
        "POST",
        "/api/v1/tokens",
        pages=False,
        body={"name": "x", "role": "auditor", "account_id": str(other.pk)},
    )
    assert answer.status_code == 422
    held.refresh_from_db()
    assert held.account_id == other.pk
    assert authenticate(plain) is not None


def test_a_token_that_is_made_by_the_interface_is_shown_once(owner: Account):
    """Not even a repeated request brings it back: its answer is not kept."""
    api = Caller(token=issue(owner, "o", "owner", SYSTEM)[1])
    body = {"name": "ci", "role": "help-desk", "use": "read-only"}
    first = api.ask("POST", "/api/v1/tokens", pages=False, body=body, keep=True, **{"Idempotency-Key": "k1"})
    assert first.status_code == 201
    assert first.json()["token"].startswith("prv_")
    assert first.headers["Cache-Control"] == "no-store"
    listed = api.ask("GET", "/api/v1/tokens", pages=False)
    assert first.json()["token"] not in listed.content.decode()
    again = api.ask("POST", "/api/v1/tokens", pages=False, body=body, keep=True, **{"Idempotency-Key": "k1"})
    assert again.json()["token"] != first.json()["token"]
    assert Token.objects.get(pk=first.json()["id"]).use == "read-only"


def _furnish(values: dict[str, Any]) -> None:  # noqa: F811
    """More of the other application: something in every list that tells of applications."""
    of = values["application_id"]
    AccessInterval.objects.create(
        application_id=of, user_id=values["user_id"], remote_id="r9", from_at=1, from_cause="assigned"
    )
    Attempt.objects.filter(application_id=of).update(reason=f"{SECRET} said no")
    Link.objects.filter(application_id=of).update(reason=f"{SECRET} said no", state="conflict")
    policy = Policy.objects.get(pk=values["policy_id"])
    policy.group.memberships.create(user_id=values["user_id"])
    JournalEntry.objects.create(
        event="application.updated",
        actor="x",
        actor_kind="system",
        subject_id=of,
        at=timezone.now(),
        detail={"name": SECRET},
    )


def test_bounds_hide_other_applications_on_every_page_and_in_every_list(
    callers: dict[str, Caller],  # noqa: F811
    values: dict[str, Any],  # noqa: F811
    elsewhere: dict[str, Any],  # noqa: F811
):
    """Each route that is read, asked about one's own things, tells neither name nor id of another application.

    Names of users and groups are the directory's, which everybody reads; they are called otherwise here.
    """
    _furnish(elsewhere)
    told = []
    for row in (each for each in rows().values() if "GET" in each.methods):
        for caller, address in _questions(row.route, row.at, values, elsewhere):
            answer = callers[caller].ask("GET", address, pages=row.pages)
            found = _text(answer)
            names = [SECRET, *([] if "application=" in address else [str(elsewhere["application_id"])])]
            if answer.status_code == 200 and any(one in found for one in names):
                told.append(f"{address} ({caller}): {_where(found, elsewhere)}")
    assert not told, "\n".join(told)


def _questions(route: str, at: str, own: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str]]:
    """A route as it is, asked about one's own things and about people who have accounts elsewhere, too; and as an export."""
    about = own | {"user_id": other["user_id"], "group_id": other["group_id"]}
    address = at or address_of(route, about)
    whose = f"user={other['user_id']}&on={timezone.now().date()}&q=zep&application={other['application_id']}"
    return [
        (caller, address + query)
        for caller in ("inside", "token-inside")
        for query in ("", "?export=csv", f"?{whose}")
        if route != "live"
    ]


def _text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return re.sub(r"(name|value|href|action)=\"[^\"]*\"", "", content.decode(errors="replace"))


def _where(text: str, elsewhere: dict[str, Any]) -> str:  # noqa: F811
    place = max(text.find(SECRET), text.find(str(elsewhere["application_id"])))
    return text[max(0, place - 120) : place + 60].replace("\n", " ")


@pytest.fixture
def owner_page(owner: Account) -> Caller:
    from django.test import Client

    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    return Caller(browser.cookies)


def test_bounds_are_set_and_shown_at_the_administrators(owner_page: Caller, inside: Application):  # noqa: F811
    """Ticked in the form, told in the list; nothing ticked is nothing."""
    form = {"email": "new@example.com", "role": "application-administrator", "password": PASSWORD}
    added = owner_page.ask(
        "POST",
        reverse("add-administrator"),
        pages=True,
        body={**form, "applications": [str(inside.id)]},
        keep=True,
    )
    assert added.status_code == 302
    account = Account.objects.get(email="new@example.com")
    assert account.applications == [str(inside.id)]
    assert "Slack" in owner_page.ask("GET", reverse("administrators"), pages=True).content.decode()
    seen = f"application-administrator {inside.id}"
    changed = {"role": "help-desk", "seen": seen}
    owner_page.ask(
        "POST", reverse("administrator-role", args=[account.pk]), pages=True, body=changed, keep=True
    )
    account.refresh_from_db()
    assert (account.role, account.applications) == ("help-desk", [])


@pytest.mark.parametrize("maker", [Application, Policy])
def test_bounds_hold_outside_a_request_for_nobody(db: None, inside: Application, maker: Callable[..., Any]):  # noqa: F811
    """The engine and commands see everything."""
    assert known(maker.objects.all(), "pk").count() == maker.objects.count()
