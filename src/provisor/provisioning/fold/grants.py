"""What policies grant a user beyond the account: roles and entitlements (RFC 7643, section 4.1.2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import orjson

from provisor.applications.scoping import judge_document
from provisor.mapping.scope import Verdict
from provisor.planning.operation import Desired
from provisor.provisioning.fold.scope_filters import read_document
from provisor.provisioning.keys import Key
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import Context
from provisor.scim.dialect import Dialect
from provisor.scim.syntax import literal


@dataclass(slots=True)
class Grant:
    """The union of what every matching policy grants."""

    roles: set[str] = field(default_factory=set)
    entitlements: set[str] = field(default_factory=set)
    #: What policies grant whose filter failed for this user: it stays where it is, and is not given anew.
    unclear: dict[str, set[str]] = field(default_factory=lambda: {"roles": set(), "entitlements": set()})
    #: Why, for people.
    reasons: list[str] = field(default_factory=list)


IN = Verdict(matches=True)
DOCUMENTS = "SELECT id, resource FROM directory_user WHERE id IN ({users})"
FAILED = (
    "The filter of the policy “{policy}” could not be evaluated for this user, so nothing is given or taken away by it: "
    "{why}"
)

Grants: TypeAlias = dict[Key, Grant]


def read_grants(cursor: Any, context: Context, users: Sequence[Key]) -> Grants:
    """Read what policies grant these users; empty while both switches are off and no policy has a filter."""
    if not users or not (context.grants or context.filtered):
        return {}
    grants: Grants = defaultdict(Grant)
    marks = ", ".join(["%s"] * len(users))
    cursor.execute(sql.GRANTS.format(users=marks), [context.key, *users])
    rows = cursor.fetchall()
    documents = _documents(cursor, {row[0] for row in rows if row[3]})
    for user, roles, entitlements, scope, name in rows:
        grant, verdict = grants[user], judge_document(scope, documents[user]) if scope else IN
        if verdict.matches:
            grant.roles.update(_strings(roles))
            grant.entitlements.update(_strings(entitlements))
        elif verdict.matches is None:
            grant.unclear["roles"].update(_strings(roles))
            grant.unclear["entitlements"].update(_strings(entitlements))
            grant.reasons.append(FAILED.format(policy=name, why=verdict.reason))
    return grants


def _documents(cursor: Any, users: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    wanted = list(users)
    if not wanted:
        return {}
    cursor.execute(DOCUMENTS.format(users=", ".join(["%s"] * len(wanted))), wanted)
    return {user: read_document(user, document) for user, document in cursor.fetchall()}


def _strings(value: Any) -> Iterable[str]:
    loaded: list[str] = orjson.loads(value) if isinstance(value, str) else value
    return loaded


def with_grants(
    desired: Desired, context: Context, grant: Grant | None, sent: Values[str, Any] | None
) -> Desired:
    """Return the desired state with what the policies grant, in place of what a mapping says of the same attributes.

    Each value is managed by itself, so that what the application or another administrator added stays: only what was
    sent is ever removed. As plain texts (`grant_form`) the attribute goes as a whole.
    """
    values, managed = dict(desired.values), set(desired.managed)
    for name, on in (("roles", context.roles), ("entitlements", context.entitlements)):
        if not on:
            continue
        granted = sorted(_granted(name, grant, sent or {})) if grant is not None else []
        for path in [path for path in managed if _is_of(path, name)]:
            managed.discard(path)
            values.pop(path, None)
        wanted = _values(name, granted, context.dialect)
        values |= wanted
        managed |= {*wanted, *(path for path in sent or () if _is_of(path, name))}
        if context.dialect.grant_form == "texts":
            managed.add(name)
    return replace(desired, values=values, managed=frozenset(managed))


def _granted(name: str, grant: Grant, sent: Values[str, Any]) -> set[str]:
    """What is granted, and what is there already of what may be."""
    there = {value for value in grant.unclear[name] if _element(name, value) + ".value" in sent}
    return {*getattr(grant, name), *there, *(grant.unclear[name] & set(sent.get(name) or ()))}


def _element(name: str, value: str) -> str:
    return f"{name}[value eq {literal(value)}]"


def _values(name: str, granted: Sequence[str], dialect: Dialect) -> dict[str, Any]:
    if dialect.grant_form == "texts":
        return {name: list(granted)} if granted else {}
    elements = {value: _element(name, value) for value in granted}
    values: dict[str, Any] = {f"{element}.value": value for value, element in elements.items()}
    if granted and dialect.grant_primary:
        values[f"{elements[granted[0]]}.primary"] = True
    return values


def _is_of(path: str, name: str) -> bool:
    """Whether a path is about that attribute, or about a part of it."""
    return path == name or path.startswith((f"{name}[", f"{name}."))
