"""The three forms of a change to one resource: PATCH with paths, PATCH without, or PUT of the whole."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from provisor.planning.operation import Operation
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.work import DueLink
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.perform.put_members import ConfirmedMembers, members_of
from provisor.scim.change import overlay
from provisor.scim.client import ScimClient
from provisor.scim.dialect import Dialect
from provisor.scim.errors import Refused
from provisor.scim.patch import patch_bodies

NO_VERB: Final = "Not sent: the application takes neither PATCH nor PUT for this kind of resource."


class Forms:
    """Sends a change in a form that is given, of one pass."""

    def __init__(
        self,
        context: Context,
        client: ScimClient,
        probation: Probation,
        confirmed_members: ConfirmedMembers,
    ) -> None:
        self._client = client
        self._probation = probation
        self._confirmed_members = confirmed_members
        #: The dialect as this pass knows it by now.
        self.dialect: Dialect = context.dialect

    async def send(
        self,
        form: str,
        link: DueLink,
        operation: Operation,
        target: str,
        *,
        held: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Send a change; `held` is the resource as it was read just now. Raises ScimFailure."""
        if form == "put":
            return await self._put(link, operation, target, held)
        return await self._patch(form, link, operation, target)

    async def _patch(
        self, form: str, link: DueLink, operation: Operation, target: str
    ) -> dict[str, Any] | None:
        answer = None
        dialect = self.dialect
        if form != dialect.patch_form:
            dialect = with_fact(dialect, "patch_form", form)
        etag = link.etag if dialect.etag else ""
        for body in patch_bodies(operation.changes, dialect, operation.kind):
            answer = await self._client.patch(
                operation.kind, target, body, etag=etag, act=operation.act, tag=link
            )
            etag = ""
        return answer

    async def _put(
        self, link: DueLink, operation: Operation, target: str, held: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """PUT the whole; `held` is what was read just now."""
        if not self.dialect.puts(operation.kind):
            raise Refused(NO_VERB, status=501)
        remote = held or await self._client.get(operation.kind, target, act=operation.act, tag=link)
        etag = etag_of(remote) if self.dialect.etag else ""
        body = overlay(remote, operation.changes, operation.kind)
        if operation.kind == "group":
            await self._keep_members(link, remote, body)
        return await self._client.put(operation.kind, target, body, etag=etag, act=operation.act, tag=link)

    async def _keep_members(self, link: DueLink, remote: Mapping[str, Any], body: dict[str, Any]) -> None:
        """A PUT of a group's attributes carries its members, whether they are shown or not (R6)."""
        if self.dialect.put_partial and not body.get("members"):
            body.pop("members", None)
            return
        body["members"] = await members_of(
            self.dialect, link, remote, self._confirmed_members, seen=self._probation.has_seen_members
        )


def etag_of(answer: Mapping[str, Any] | None) -> str:
    meta = answer.get("meta") if answer else None
    version = meta.get("version") if isinstance(meta, Mapping) else None
    return version if isinstance(version, str) else ""


def with_fact(dialect: Dialect, name: str, value: Any) -> Dialect:
    """The dialect with one fact learned anew."""
    changed: dict[str, Any] = {name: value}
    return replace(dialect, **changed)
