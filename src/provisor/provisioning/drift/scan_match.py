"""Discovery: whose the resources are that no link knows, by the ordered matching attributes of the application.

A user is looked for as the look-up before a creation does it: by the values that the mapping renders for them. An
e-mail address alone proves nothing, since addresses are given to others; it is shown for a person to decide.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection, transaction

from provisor.planning.operation import Kind
from provisor.provisioning.drift.adoption import link_to
from provisor.provisioning.drift.scans import Progress
from provisor.provisioning.homes import epoch
from provisor.provisioning.keys import Key, to_key, to_text, to_uuid
from provisor.provisioning.models import Finding, Link
from provisor.provisioning.passes.context import Context
from provisor.scim.path import MISSING
from provisor.scim.resource import fold, same_key

#: People or groups of the directory that are rendered in one call of the store.
AT_ONCE = 500

USERS = """
SELECT id, user_name, active, resource FROM directory_user
WHERE deleted_at IS NULL AND id > %s ORDER BY id LIMIT %s
"""
FIRST_USERS = """
SELECT id, user_name, active, resource FROM directory_user WHERE deleted_at IS NULL ORDER BY id LIMIT %s
"""
GROUPS = """
SELECT id, display_name, external_id, resource FROM directory_group
WHERE deleted_at IS NULL AND id > %s ORDER BY id LIMIT %s
"""
FIRST_GROUPS = """
SELECT id, display_name, external_id, resource FROM directory_group WHERE deleted_at IS NULL ORDER BY id LIMIT %s
"""

SEVERAL_HERE = "{count} here have the same {path}."
SEVERAL_THERE = "{count} there have the same {path} as {name} here."
LINKED = "{name} is linked already to another one there ({id})."
BY_EMAIL = "Only the e-mail address is the same as that of {name}. Addresses are given to others, so a person decides."
NO_POLICY = "{name} has an account, and no policy gives one."
NO_PUSH = "{name} is there, and no policy pushes it."
INACTIVE = "{name} is disabled here, and has an account there."
PROTECTED = "{name} is on the application's list of exclusions, so nothing is ever sent for it."


@dataclass(slots=True, kw_only=True)
class Person:
    """A user or group of the directory that may be meant."""

    key: Key
    name: str
    active: bool
    protected: bool


@dataclass(slots=True)
class _Candidates:
    """Who may be meant by one finding, and by which attribute."""

    strong: dict[Key, str] = field(default_factory=dict)
    weak: dict[Key, str] = field(default_factory=dict)


class Matcher:
    """Finds out whose unknown resources are; fed with the directory part by part."""

    def __init__(self, context: Context, kind: Kind, progress: Progress) -> None:
        self._context, self._kind, self._progress = context, kind, progress
        self._index: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
        self._candidates: dict[int, _Candidates] = {}
        self._findings: dict[int, Finding] = {}
        self._people: dict[Key, Person] = {}
        #: By user: the findings that match by a strong attribute.
        self._strong: dict[Key, set[int]] = defaultdict(set)
        self._after: Key | None = None

    def read(self) -> int:
        """Read the unknown resources that this scan saw; returns how many are to be matched."""
        rows = Finding.objects.filter(
            application_id=to_uuid(self._context.key), kind=self._kind, what=Finding.What.UNKNOWN,
            state=Finding.State.OPEN, seen_at__gte=self._progress.started_at,
        ).exclude(match=Finding.Match.PROTECTED)  # fmt: skip
        for row in rows:
            self._findings[row.pk] = row
            self._candidates[row.pk] = _Candidates()
            for path, value in row.detail.get("matching", {}).items():
                if value:
                    self._index[path][fold(value)].append(row)
            for address in row.detail.get("emails", ()):
                self._index["@"][fold(address)].append(row)
        return len(self._findings)

    def feed(self) -> bool:
        """Look at the next part of the directory; false when there is no more."""
        rows = self._rows()
        for row in rows:
            self._after = row[0]
            name, source, active = self._source(row)
            protected = self._kind == "user" and self._context.protects and self._context.excluded(source)
            person = Person(key=row[0], name=name, active=active, protected=protected)
            self._match(person, source)
        return len(rows) == AT_ONCE

    def _rows(self) -> Sequence[Any]:
        first, after = (FIRST_USERS, USERS) if self._kind == "user" else (FIRST_GROUPS, GROUPS)
        with connection.cursor() as cursor:
            if self._after is None:
                cursor.execute(first, [AT_ONCE])
            else:
                cursor.execute(after, [self._after, AT_ONCE])
            return list(cursor.fetchall())

    def _source(self, row: Sequence[Any]) -> tuple[str, dict[str, Any], bool]:
        document = orjson.loads(row[3]) if isinstance(row[3], str) else row[3]
        source: dict[str, Any] = {**(document or {}), "id": to_text(row[0])}
        if self._kind == "user":
            source["active"] = bool(row[2])
            return row[1], source, bool(row[2])
        source["displayName"] = row[1]
        if row[2]:
            source["externalId"] = row[2]
        return row[1], source, True

    def _match(self, person: Person, source: Mapping[str, Any]) -> None:
        values = self._context.mappings[self._kind].render(source, {}).values
        for path in self._context.matching[self._kind]:
            hits = self._hits(path, values.get(path, MISSING))
            if hits and not path.lower().startswith("emails"):
                self._people[person.key] = person
                self._strong[person.key].update(hits)
                for pk in hits:
                    self._candidates[pk].strong[person.key] = path
                return
        if self._kind == "user":
            self._match_address(person, source)

    def _hits(self, path: str, value: Any) -> list[int]:
        if not isinstance(value, str) or not value:
            return []
        rows = self._index[path].get(fold(value), ())
        return [row.pk for row in rows if same_key(path, row.detail["matching"][path], value)]

    def _match_address(self, person: Person, source: Mapping[str, Any]) -> None:
        emails = source.get("emails")
        for each in emails if isinstance(emails, list) else ():
            address = each.get("value") if isinstance(each, dict) else None
            for row in self._index["@"].get(fold(address), ()) if isinstance(address, str) else ():
                self._people[person.key] = person
                self._candidates[row.pk].weak[person.key] = "emails"

    def settle(self, *, now: int) -> None:
        """Store whose each resource is; what is surely somebody's is linked, where that is set so."""
        with transaction.atomic(), connection.cursor() as cursor:
            epoch.hold(cursor, self._context)
            links = self._links()
            for pk, candidates in self._candidates.items():
                row = self._findings[pk]
                self._classify(row, candidates, links)
                row.save(update_fields=["match", "local_id", "reason", "detail"])
                self._progress.count(f"match_{row.match or 'none'}")
                link = links.get(to_key(row.local_id)) if row.local_id else None
                if self._adopts(row, link):
                    assert link is not None
                    link_to(link, row, now=now)
                    self._progress.count("adopted")

    def _adopts(self, row: Finding, link: Link | None) -> bool:
        wanted = self._context.drift["on_match"] == "adopt" and not self._context.observes
        free = link is not None and link.in_scope and link.intent is None
        return wanted and free and row.match == Finding.Match.SURE

    def _links(self) -> dict[Key, Link]:
        rows: dict[Key, Link] = {}
        keys = list(self._people)
        for start in range(0, len(keys), AT_ONCE):
            part = [to_uuid(key) for key in keys[start : start + AT_ONCE]]
            found = Link.objects.select_for_update().filter(
                application_id=to_uuid(self._context.key), kind=self._kind, local_id__in=part
            )
            rows |= {to_key(link.local_id): link for link in found}
        return rows

    def _classify(self, row: Finding, candidates: _Candidates, links: Mapping[Key, Link]) -> None:
        row.match, row.local_id, row.reason = Finding.Match.NONE, None, ""
        row.detail = {name: value for name, value in row.detail.items() if name != "in_scope"}
        chosen = candidates.strong or candidates.weak
        if not chosen:
            return
        if len(chosen) > 1:
            row.match = Finding.Match.AMBIGUOUS
            row.reason = SEVERAL_HERE.format(count=len(chosen), path=_paths(chosen.values()))
            return
        key, path = next(iter(chosen.items()))
        person, link = self._people[key], links.get(key)
        row.local_id = to_uuid(key)
        row.detail["in_scope"] = link is not None and link.in_scope
        row.match, row.reason = self._verdict(person, path, link, strong=bool(candidates.strong))

    def _verdict(self, person: Person, path: str, link: Link | None, *, strong: bool) -> tuple[str, str]:
        if link is not None and link.remote_id:
            return Finding.Match.AMBIGUOUS, LINKED.format(name=person.name, id=link.remote_id)
        if person.protected:
            return Finding.Match.PROTECTED, PROTECTED.format(name=person.name)
        if not strong:
            return Finding.Match.EMAIL, BY_EMAIL.format(name=person.name)
        several = len(self._strong[person.key])
        if several > 1:
            reason = SEVERAL_THERE.format(count=several, path=path, name=person.name)
            return Finding.Match.AMBIGUOUS, reason
        if link is None or not link.in_scope:
            sentence = NO_PUSH if self._kind == "group" else NO_POLICY if person.active else INACTIVE
            return Finding.Match.SURE, sentence.format(name=person.name)
        return Finding.Match.SURE, ""


def _paths(paths: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(paths))
