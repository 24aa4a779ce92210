"""What policies grant a user beyond the account: roles and entitlements (RFC 7643, section 4.1.2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from provisor.provisioning import engine_sql as sql
from provisor.provisioning.context import Context
from provisor.provisioning.keys import Key


@dataclass(slots=True)
class Grant:
    """The union of what every matching policy grants."""

    roles: set[str] = field(default_factory=set)
    entitlements: set[str] = field(default_factory=set)


Grants: TypeAlias = dict[Key, Grant]


def read_grants(cursor: Any, context: Context, users: Sequence[Key]) -> Grants:
    """Read what policies grant these users; empty while both switches are off."""
    if not users or not context.grants:
        return {}
    grants: Grants = defaultdict(Grant)
    marks = ", ".join(["%s"] * len(users))
    cursor.execute(sql.GRANTS.format(users=marks), [context.key, *users])
    for user, roles, entitlements in cursor.fetchall():
        grants[user].roles.update(_strings(roles))
        grants[user].entitlements.update(_strings(entitlements))
    return grants


def _strings(value: Any) -> Iterable[str]:
    loaded: list[str] = orjson.loads(value) if isinstance(value, str) else value
    return loaded


def granted_values(context: Context, grant: Grant | None) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the values that the grant adds to the resource, and the paths that are managed because of it."""
    chosen = {"roles": context.roles, "entitlements": context.entitlements}
    managed = frozenset(name for name, on in chosen.items() if on)
    values = {
        name: [{"value": value} for value in sorted(getattr(grant, name))]
        for name in managed
        if grant is not None and getattr(grant, name)
    }
    return values, managed
