"""Whom and what the samples are about: the largest, the busiest, and the ones in the middle of a list."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Model, QuerySet

from bench.console.installation import OWNER
from provisor.access.models import Account, Token
from provisor.applications.models import Application, Policy
from provisor.audit.models import AuditEntry
from provisor.console.models import Work
from provisor.directory.models import CustomAttribute, Group, JournalEntry, Membership, User
from provisor.notices.models import Channel
from provisor.provisioning.models import Attempt, Finding, Hold, Link, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Rows by what is special about them."""

    busy_user: User
    manager: User
    disabled_user: User
    everyone: Group
    big_group: Group
    outer_group: Group
    small_group: Group
    big_application: Application
    watched_application: Application
    policy: Policy
    policy_for_everyone: Policy
    user_link: Link
    group_link: Link
    conflict: Link
    hold: Hold
    #: A group that no policy pushes any more.
    left_link: Link
    #: An account of the largest application that nobody knows.
    stranger: Finding
    changed: Finding
    run: Run
    attempt: Attempt
    work: Work
    attribute: CustomAttribute
    channel: Channel
    entry: JournalEntry
    audited: AuditEntry
    #: Of somebody else than who measures.
    administrator: Account
    token: Token
    #: The value of `?after=` in the middle of a list, by what it is a list of.
    middle: dict[str, str]


def find_places() -> Places:
    """Read them from the installation."""
    crowd = _largest(Membership.objects.exclude(group__is_everyone=True), "group_id")
    big = Application.objects.get(pk=_largest(Link.objects, "application_id"))
    links = Link.objects.filter(application=big)
    return Places(
        busy_user=User.objects.get(pk=_largest(Membership.objects, "user_id")),
        manager=User.objects.filter(pk=_largest(User.objects.exclude(manager=None), "manager_id")).get(),
        disabled_user=_first(User.objects.filter(active=False)),
        everyone=Group.objects.get(is_everyone=True),
        big_group=Group.objects.get(pk=crowd),
        outer_group=_first(Group.objects.filter(display_name__startswith="Division")),
        small_group=_first(Group.objects.filter(display_name__startswith="Team")),
        big_application=big,
        watched_application=Application.objects.get(mode="observe"),
        policy=_first(Policy.objects.filter(application=big, group__is_everyone=False)),
        policy_for_everyone=Policy.objects.get(application=big, group__is_everyone=True),
        user_link=_first(links.filter(kind="user", state="in_sync")),
        group_link=_first(links.filter(kind="group")),
        conflict=_first(links.filter(state="conflict")),
        hold=_first(Hold.objects.filter(application=big)),
        left_link=_first(links.filter(kind="group", in_scope=False, state="released")),
        stranger=_first(Finding.objects.filter(application=big, what="unknown")),
        changed=_first(Finding.objects.filter(application=big, what="changed")),
        run=_first(Run.objects.filter(application=big)),
        attempt=_first(Attempt.objects.filter(application=big)),
        work=_first(Work.objects.all()),
        attribute=_first(CustomAttribute.objects.all()),
        channel=_first(Channel.objects.all()),
        entry=_first(JournalEntry.objects.all()),
        audited=_first(AuditEntry.objects.filter(act="user.updated")),
        administrator=_first(Account.objects.exclude(email=OWNER)),
        token=_first(Token.objects.filter(account__email=OWNER)),
        middle=dict(_middles(links.filter(kind="user"))),
    )


def _largest(found: Any, column: str) -> Any:
    return found.values_list(column).annotate(count=Count("pk")).order_by("-count", column)[0][0]


def _first(found: "QuerySet[Any]") -> Any:
    first = found.order_by("pk").first()
    if first is None:
        raise RuntimeError(f"The installation is too small: it has no such {found.model.__name__}.")
    return first


def _middles(links: "QuerySet[Link]") -> Iterator[tuple[str, str]]:
    yield "users", _mark(User.objects.filter(deleted_at=None), "user_name_key")
    yield "groups", _mark(Group.objects.all(), "display_name_key")
    yield "links", _mark(links, "local_id")
    yield "findings", _mark(Finding.objects.all(), "id")
    yield "attempts", _mark(Attempt.objects.all(), "id")
    yield "journal", _mark(JournalEntry.objects.all(), "id")


def _mark(found: "QuerySet[Any]", *by: str) -> str:
    row: Model = found.order_by(*by)[found.count() // 2]
    values = [_plain(getattr(row, name)) for name in by]
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value
