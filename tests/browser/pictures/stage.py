"""The company that is photographed: it is founded, provisioned, and a day passes."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.browser.pictures.picture import Who
from tests.browser.service import EMAIL, PASSWORD
from tests.servers import LabServer, Scim2Server
from tests.servers.reader import post

PEOPLE = 160
_PATIENCE_SECONDS = 180.0
#: Looks in a row, half a second apart, that must find nothing moving.
_STILL = 6
_DEMANDS = (("password", "none"), ("password", "totp"), ("magic_link", "none"))


@dataclass(slots=True)
class Stage:
    """What the pages are about."""

    wiki: Any
    #: One creation went wrong in it.
    library: Any
    #: Only observes.
    travel: Any
    #: Refuses the token.
    payroll: Any
    groups: dict[str, UUID]
    emails: dict[Who, str] = field(default_factory=dict)


def build(server: Scim2Server, laboratory: LabServer) -> Stage:
    """Found it, let it be provisioned, let a day pass."""
    from provisor.audit.actor import Actor
    from provisor.cli.demo.changes import change_company
    from provisor.sample.company import build_company
    from provisor.sample.founding import found_company

    actor = Actor(kind="command", id="ingrid", label="ingrid.solberg@halden.example")
    roster = found_company(build_company(PEOPLE), actor)
    stage = _applications(roster, server, laboratory, actor)
    until_still()
    change_company(roster, actor)
    until_still()
    _empty_a_team(roster, actor)
    _let_people_sign_in(stage, actor)
    _set_up_the_rest(stage, actor)
    until_still()
    _found_by_a_scan(server, stage.wiki, actor)
    return stage


def _applications(roster: Any, server: Scim2Server, laboratory: LabServer, actor: Any) -> Stage:
    from provisor.sample.founding import grant

    wiki = _application(
        "Wiki", server.base_url, server.token, actor, launch_url="https://wiki.halden.example/"
    )
    grant(roster, wiki, actor)
    stage = Stage(
        wiki=wiki,
        library=_application("Design Library", laboratory.base_url, laboratory.token, actor),
        travel=_application("Travel Desk", server.base_url, server.token, actor, mode="observe"),
        payroll=_application("Payroll", server.base_url, "the-token-of-last-year", actor),
        groups=roster.group_ids,
    )
    for application, group in (
        (stage.library, "Engineering"),
        (stage.payroll, "Finance"),
        (stage.travel, "Sales"),
    ):
        _policy(application, roster.group_ids[group], actor)
    return stage


def _application(name: str, base_url: str, token: str, actor: Any, **fields: Any) -> Any:
    from provisor.applications.applications import create_application

    # scim2-server collapses above about eight connections.
    limits = {"concurrency": 4}
    auth = {"method": "bearer", "token": token}
    return create_application(name=name, base_url=base_url, auth=auth, limits=limits, actor=actor, **fields)


def _policy(application: Any, group_id: Any, actor: Any, **demands: str) -> None:
    from provisor.applications.policies import create_policy
    from provisor.directory.models import Group

    name = f"{application.name} for {Group.objects.get(pk=group_id).display_name}"
    create_policy(name=name, application=application, group=group_id, actor=actor, **demands)


def _empty_a_team(roster: Any, actor: Any) -> None:
    """What the brake holds."""
    from provisor.directory.memberships import remove_members

    lost = roster.company.team("Field Service").members
    group = roster.group_ids["Field Service"]
    remove_members(group, _still_members(group, [roster.user_ids[name] for name in lost]), actor=actor)
    until_still()


def _still_members(group_id: Any, user_ids: list[Any]) -> list[Any]:
    """Those whom the day has left in it."""
    from provisor.directory.models import Membership

    found = Membership.objects.filter(group_id=group_id, user_id__in=user_ids)
    return list(found.values_list("user_id", flat=True))


def _let_people_sign_in(stage: Stage, actor: Any) -> None:
    """An account of each role, and one of somebody in the directory."""
    from provisor.access.accounts import create_account

    stage.emails[Who.OWNER] = EMAIL
    bounds = {Who.KEEPER: ("application-administrator", [stage.wiki.pk])}
    for who in (Who.AUDITOR, Who.APPROVER, Who.HELP_DESK, Who.KEEPER, Who.GUARDED):
        role, applications = bounds.get(who, ("auditor" if who is Who.GUARDED else who.value, None))
        email = stage.emails[who] = f"{who.value}@halden.example"
        create_account(email, PASSWORD, role, actor, name=who.value.title(), applications=applications)
    stage.emails[Who.MEMBER] = _member(stage)


def _member(stage: Stage) -> str:
    """Somebody of Engineering, who has a password already."""
    from provisor.access.portal_accounts import arrive
    from provisor.directory.models import Membership

    engineers = Membership.objects.filter(group_id=stage.groups["Engineering"], user__active=True)
    account = next(found for one in engineers.order_by("pk") if (found := arrive(one.user.email)) is not None)
    account.set_password(PASSWORD)
    account.save()
    return str(account.email)


def _set_up_the_rest(stage: Stage, actor: Any) -> None:
    """What the portal shows, who is told, a token, and an attribute of the company's own."""
    from provisor.access.models import Account
    from provisor.access.tokens import issue
    from provisor.directory.attributes import declare_attribute
    from provisor.notices.channels import add_email

    for (method, factor), name in zip(_DEMANDS, ("Expenses", "Strongroom", "Canteen"), strict=True):
        url = f"https://{name.lower()}.example/"
        place = _application(name, f"{url}scim", "a-token", actor, mode="observe", launch_url=url)
        _policy(place, stage.groups["Engineering"], actor, login_method=method, second_factor=factor)
    add_email("it@halden.example", ["refused", "held"], actor=actor)
    schema = "urn:halden:params:scim:schemas:extension:people:2.0:User"
    declare_attribute(schema, "shoeSize", actor=actor, description="For the workshop")
    issue(Account.objects.get(email=EMAIL), "Terraform", "application-administrator", actor)
    _add_an_app(Account.objects.get(email=stage.emails[Who.GUARDED]), actor)


def _add_an_app(account: Any, actor: Any) -> None:
    """An authenticator app, as the account itself would add it."""
    from allauth.core import context
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.db.transaction import atomic
    from django.http import HttpRequest

    from provisor.access.factors import acting_as

    request = HttpRequest()
    request.user = account
    with context.request_context(request), acting_as(actor), atomic():
        TOTP.activate(account, generate_totp_secret())


def _found_by_a_scan(server: Scim2Server, wiki: Any, actor: Any) -> None:
    """Somebody works in the application beside Provisor, and a scan sees it."""
    from provisor.provisioning.drift.scans import request_scan
    from provisor.provisioning.models import Link

    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    for name in ("svc-backup", "old.contractor@halden.example"):
        post(f"{server.base_url}/Users", {"schemas": schemas, "userName": name, "active": True}, server.token)
    known = Link.objects.filter(application=wiki, kind="user", state="in_sync").order_by("id")[5]
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
             "Operations": [{"op": "replace", "path": "displayName", "value": "Somebody Else"}]}  # fmt: skip
    post(f"{server.base_url}/Users/{known.remote_id}", patch, server.token, method="PATCH")
    request_scan(wiki.pk, actor=actor)
    until_still()


def until_still() -> None:
    """Wait until the engine has nothing more to fold, to send or to try again soon."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    before, same = None, 0
    while same < _STILL:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The engine did not come to rest: {before}")
        time.sleep(0.5)
        now = _standing()
        same = same + 1 if now == before and not now[0] else 0
        before = now


def _standing() -> tuple[int, list[tuple[str, int]]]:
    """What must be nothing, and what must stay the same."""
    from django.db.models import Count

    from provisor.directory.models import Pending
    from provisor.provisioning.models import Link, Run, Scan

    going = ("requested", "running")
    moving = sum(rows.filter(state__in=going).count() for rows in (Run.objects, Scan.objects))
    moving += Pending.objects.count()
    states = Link.objects.values_list("state").annotate(count=Count("id")).order_by("state")
    return moving, list(states)
