"""One account beside what it should be: the directory, the desired values, what was sent and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from provisor.mapping.problems import MappingRefused
from provisor.provisioning.fold.grants import read_grants
from provisor.provisioning.models import Link
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.passes.take import plan_work, read_link
from provisor.scim.path import MISSING, PathError, read
from provisor.scim.resource import same_value

ONE = f"{sql.LINKS} WHERE l.id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One attribute. `MISSING` where a side has no value, or is not known."""

    path: str
    directory: Any
    desired: Any
    sent: Any
    observed: Any
    #: Sides whose known value is another than the desired one.
    differing: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is known of one link, attribute by attribute, in the order of their paths."""

    lines: tuple[Line, ...]
    #: Name of the user or group in the directory.
    name: str
    #: What people know a user by beside the user name; empty for a group.
    display_name: str
    #: What the next pass would do with it, as one act; empty when nothing is to be sent.
    act: str
    #: Why it is not sent, or what it waits for.
    reason: str


def compare(link: Link, now: Mapping[str, Any] | None = None) -> tuple[Comparison, Mapping[str, Any]]:
    """Compare the sides of a link; `now` is the resource as the application holds it at this moment, if it was read.

    Returns the comparison, and the values of `now` at the paths of its lines.
    """
    name, source, desired, act, reason = _desired(link)
    sent, observed = link.sent or {}, _answered(link)
    paths = sorted({*desired, *sent, *observed})
    held = {path: _at(now or {}, path) for path in paths}
    lines = tuple(
        _line(path, source, desired, {"sent": sent, "observed": observed, "now": held if now else {}})
        for path in paths
    )
    shown = source.get("displayName", "") if link.kind == "user" else ""
    return Comparison(lines=lines, name=name, display_name=shown, act=act, reason=reason), held


def _answered(link: Link) -> Mapping[str, Any]:
    """What answers have shown: as it was sent, but for what the application made something else of."""
    if link.observed is None:
        return {}
    values = {**(link.sent or {}), **link.observed}
    return {
        path: value
        for path, value in values.items()
        if value is not None and path not in (link.unshown or ())
    }


def _desired(link: Link) -> tuple[str, Mapping[str, Any], Mapping[str, Any], str, str]:
    """Render the link as a pass would: name, the directory's document, desired values, act and reason."""
    with connection.cursor() as cursor:
        cursor.execute(ONE, [link.id])
        due = read_link(cursor.fetchone())
        try:
            context = load_context(link.application)
        except MappingRefused as refused:
            return due.name, due.source or {}, {}, "", f"The mapping cannot be used: {refused}"
        grants = read_grants(cursor, context, [due.local_id] if due.kind == "user" else [])
        work = plan_work(cursor, context, due, grants)
    operation = work.plan.operation
    values = work.desired.values if work.desired is not None else {}
    return due.name, due.source or {}, values, operation.act.value if operation else "", work.plan.reason


def _line(
    path: str, source: Mapping[str, Any], desired: Mapping[str, Any], sides: Mapping[str, Mapping[str, Any]]
) -> Line:
    want = desired.get(path, MISSING)
    differing = {
        name
        for name, values in sides.items()
        if values and desired and _differs(path, want, values.get(path, MISSING))
    }
    return Line(
        path=path,
        directory=_at(source, path),
        desired=want,
        sent=sides["sent"].get(path, MISSING),
        observed=sides["observed"].get(path, MISSING),
        differing=frozenset(differing),
    )


def _differs(path: str, want: Any, have: Any) -> bool:
    if want is MISSING or have is MISSING:
        return want is not have
    return not same_value(path, want, have)


def _at(resource: Mapping[str, Any], path: str) -> Any:
    try:
        return read(resource, path)
    except PathError:
        return MISSING
