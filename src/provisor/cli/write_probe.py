"""`doctor --write`: create, change, join, leave, switch off and delete one throw-away account and group."""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar

from provisor.applications.credentials import OpenCredential
from provisor.provisioning.passes.connection import connect
from provisor.scim.capabilities import Fact, Origin, resolve
from provisor.scim.change import Change
from provisor.scim.client import ScimClient
from provisor.scim.dialect import Dialect
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.patch import add_members_body, patch_body, remove_members_body
from provisor.scim.path import read
from provisor.scim.resource import build, same_value

T = TypeVar("T")

CHANGED: Final = "It was done, and reading it back shows it."
IGNORED: Final = "The answer said yes, but reading back shows that {path} was not changed."

_NOT_FOUND: Final = 404
_ACT: Final = "probe"
_EMAIL: Final = 'emails[type eq "work"].value'
_PERSON: Final = {
    "name.givenName": "Throw",
    "name.familyName": "Away",
    "displayName": "Throw Away",
    "active": True,
}


def probe_writes(base_url: str, token: str, facts: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return checks `{name, ok, level, message}`. What was created is deleted, whatever fails in between.

    `facts` are those that an examination has learnt: they choose the dialect.
    """
    known = [Fact(name=fact["name"], value=fact["value"], origin=Origin.PROBE, evidence="") for fact in facts]
    return asyncio.run(_probe(base_url, OpenCredential(method="bearer", values={"token": token}), known))


async def _probe(base_url: str, credential: OpenCredential, facts: list[Fact]) -> list[dict[str, Any]]:
    dialect = resolve(facts)
    connection = connect(base_url, credential, dialect)
    try:
        client = ScimClient(connection.transport, connection.authentication, dialect)
        return await _Probe(client, dialect).run()
    finally:
        await connection.close()


class _Probe:
    """Writes step by step; a step that fails is a check that says so, and the next ones go on where they can."""

    def __init__(self, client: ScimClient, dialect: Dialect) -> None:
        self._client, self._dialect = client, dialect
        self._name = f"provisor-doctor-{secrets.token_hex(6)}"
        self._checks: list[dict[str, Any]] = []

    async def run(self) -> list[dict[str, Any]]:
        user = await self._create(
            "user", {**_PERSON, "userName": self._name, _EMAIL: f"{self._name}@example.com"}
        )
        if user:
            group = await self._create("group", {"displayName": self._name}) if self._dialect.groups else ""
            try:
                await self._change(user)
                if group:
                    await self._members(group, user)
                await self._switch_off(user)
            finally:
                if group:
                    await self._delete("group", group)
                await self._delete("user", user)
        return self._checks

    async def _create(self, kind: str, values: dict[str, Any]) -> str:
        """Return the id, or an empty text when it was refused."""
        made = await self._step(f"create {kind}", self._client.create(kind, build(kind, values), act=_ACT))
        identifier = str((made or {}).get("id") or "")
        if made is not None and not identifier:
            self._add(
                f"create {kind}",
                "error",
                f'The answer names no id. Look for "{self._name}" there and delete it.',
            )
        elif identifier:
            self._add(f"create {kind}", "ok", f"A throw-away {kind} was created.")
        return identifier

    async def _change(self, user: str) -> None:
        body = patch_body([Change("title", "Throw-away")], self._dialect, "user")
        await self._patch("change user", "user", user, body)
        await self._expect("change user", "user", user, "title", "Throw-away")

    async def _members(self, group: str, user: str) -> None:
        await self._patch("add member", "group", group, add_members_body([user], self._dialect))
        await self._expect_member("add member", group, user, wanted=True)
        await self._patch("remove member", "group", group, remove_members_body([user], self._dialect))
        await self._expect_member("remove member", group, user, wanted=False)

    async def _switch_off(self, user: str) -> None:
        body = patch_body([Change("active", False)], self._dialect, "user")
        await self._patch("deactivate", "user", user, body)
        await self._expect("deactivate", "user", user, "active", False)

    async def _delete(self, kind: str, identifier: str) -> None:
        try:
            await self._client.delete(kind, identifier, act=_ACT)
            await self._client.get(kind, identifier, act=_ACT)
        except Refused as refusal:
            if refusal.status == _NOT_FOUND:
                self._add(f"delete {kind}", "ok", f"The {kind} is gone.")
            else:
                self._add(
                    f"delete {kind}", "warning", f'{refusal.sentence} Delete "{self._name}" there by hand.'
                )
        except ScimFailure as failure:
            self._add(f"delete {kind}", "warning", f'{failure.sentence} Delete "{self._name}" there by hand.')
        else:
            self._add(
                f"delete {kind}",
                "warning",
                f'The {kind} is still there. Delete "{self._name}" there by hand.',
            )

    async def _patch(self, name: str, kind: str, identifier: str, body: dict[str, Any]) -> None:
        await self._step(name, self._client.patch(kind, identifier, body, act=_ACT))

    async def _expect(self, name: str, kind: str, identifier: str, path: str, value: Any) -> None:
        """Trust is earned: what was sent is read back."""
        found = await self._step(name, self._client.get(kind, identifier, act=_ACT))
        if found is not None:
            kept = same_value(path, read(found, path), value)
            self._add(name, "ok" if kept else "warning", CHANGED if kept else IGNORED.format(path=path))

    async def _expect_member(self, name: str, group: str, user: str, *, wanted: bool) -> None:
        found = await self._step(name, self._client.get("group", group, act=_ACT))
        if found is not None:
            there = any(member.get("value") == user for member in found.get("members") or [])
            kept = there == wanted
            self._add(name, "ok" if kept else "warning", CHANGED if kept else IGNORED.format(path="members"))

    async def _step(self, name: str, doing: Awaitable[T | None]) -> T | None:
        """What came back; a refusal becomes a check."""
        try:
            return await doing
        except ScimFailure as failure:
            self._add(name, "error" if name == "create user" else "warning", failure.sentence)
            return None

    def _add(self, name: str, level: str, message: str) -> None:
        self._checks.append({"name": name, "ok": level != "error", "level": level, "message": message})
