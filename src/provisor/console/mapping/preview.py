"""The preview: the resource of one person or group as the rules of the editor, saved or not, would render it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from provisor.applications.models import Application
from provisor.console.mapping.draft import Part
from provisor.console.mapping.rows import KINDS
from provisor.directory.models import Group, User
from provisor.directory.names import fold
from provisor.directory.queries import groups, users
from provisor.mapping.render import Rendered, compile_mapping
from provisor.mapping.rule import Rule
from provisor.mapping.vocabulary import Kind
from provisor.provisioning.models import Link
from provisor.scim.path import MISSING
from provisor.scim.resource import build
from provisor.scim.schemas import ENTERPRISE_SCHEMA

#: Names that are offered while one types.
_OFFERED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One attribute: its value as text, or a word on why it has none. `state` is value, problem or note."""

    path: str
    text: str
    state: str = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be sent for one person or group."""

    plural: str
    #: "" when nobody is chosen.
    name: str = ""
    lines: tuple[Line, ...] = ()
    #: The body of the POST.
    body: str = ""
    #: Rules that are left out because they hold an error.
    left_out: int = 0
    #: Names that begin as what was typed; nobody has exactly that name.
    offered: tuple[str, ...] = ()
    #: The directory has nobody at all.
    is_empty: bool = False


def preview(application: Application, part: Part) -> Preview:
    """Render the person or group that the part names, else the first that the application has, else the first."""
    kind = KINDS[part.plural]
    found = _named(kind, part.subject) if part.subject.strip() else _first(application, kind)
    if found is None:
        offered = tuple(_beginning(kind, part.subject)) if part.subject.strip() else ()
        return Preview(plural=part.plural, offered=offered, is_empty=not part.subject.strip())
    source, references, waits_for = _source(application, found)
    rendered = compile_mapping(part.checked.sound, kind, application_name=application.name).render(
        source, references
    )
    return Preview(
        plural=part.plural,
        name=found.user_name if isinstance(found, User) else found.display_name,
        lines=tuple(_lines(part.checked.sound, rendered, waits_for)),
        body=json.dumps(build(kind, rendered.values), indent=2, ensure_ascii=False),
        left_out=part.checked.wrong,
    )


def _named(kind: Kind, text: str) -> User | Group | None:
    if "\0" in text:
        return None
    if kind == "user":
        return users().filter(user_name_key=fold(text)).first()
    return groups().filter(display_name_key=fold(text)).first()


def _first(application: Application, kind: Kind) -> User | Group | None:
    """Somebody who has an account there says more than somebody who will never have one."""
    linked = Link.objects.filter(application=application, kind=kind, in_scope=True).order_by("local_id")
    first = Subquery(linked.values("local_id")[:1])
    if kind == "user":
        return users().filter(pk=first).first() or users().order_by("user_name_key").first()
    return groups().filter(pk=first).first() or groups().order_by("display_name_key").first()


def _beginning(kind: Kind, text: str) -> list[str]:
    key = fold(text.replace("\0", ""))
    if kind == "user":
        found = users().filter(user_name_key__startswith=key).order_by("user_name_key")
        return list(found.values_list("user_name", flat=True)[:_OFFERED])
    named = groups().filter(display_name_key__startswith=key).order_by("display_name_key")
    return list(named.values_list("display_name", flat=True)[:_OFFERED])


def _source(
    application: Application, subject: User | Group
) -> tuple[dict[str, Any], dict[str, str | None], str]:
    """The document as a pass reads it, the manager's id there, and the name of a manager who has none yet."""
    source = {**subject.resource, "id": str(subject.id)}
    if isinstance(subject, Group):
        named = {"displayName": subject.display_name, "externalId": subject.external_id}
        return {**source, **{name: value for name, value in named.items() if value}}, {}, ""
    source["active"] = subject.active
    if subject.manager_id is None:
        return source, {}, ""
    value = source.get(ENTERPRISE_SCHEMA, {}).get("manager", {}).get("value") or str(subject.manager_id)
    there = Link.objects.filter(application=application, kind="user", local_id=OuterRef("pk"))
    manager = users().filter(pk=subject.manager_id).annotate(there=Subquery(there.values("remote_id")[:1]))
    name, remote_id = manager.values_list("user_name", "there").first() or ("", None)
    return source, {value: remote_id}, "" if remote_id else name


def _lines(rules: tuple[Rule, ...], rendered: Rendered, waits_for: str) -> Iterator[Line]:
    """One line for each rule, in the order of the editor."""
    problems = {problem.place: f"{problem.reason} {problem.hint}".strip() for problem in rendered.problems}
    for rule in rules:
        value = rendered.values.get(rule.target, MISSING)
        if rule.target in problems:
            yield Line(path=rule.target, text=problems[rule.target], state="problem")
        elif value is not MISSING:
            yield Line(path=rule.target, text=shown(value))
        elif rule.target in rendered.kept:
            yield Line(path=rule.target, text="kept", state="note")
        elif rule.target in rendered.waiting:
            yield Line(path=rule.target, text=waits_for, state="waiting")
        else:
            yield Line(path=rule.target, text="empty", state="note")


def shown(value: object) -> str:
    """A value as people read it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
