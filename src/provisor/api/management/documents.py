"""Rows as the JSON documents of the management interface: ids as texts, times as RFC 3339 in UTC."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from provisor.api.management.credentials_shown import shown_auth
from provisor.api.moments import from_milliseconds, rfc3339
from provisor.applications.documents import policy_document, settings_document
from provisor.applications.models import Application, Policy
from provisor.applications.profiles import Profile
from provisor.audit.models import AuditEntry
from provisor.directory.models import Group, JournalEntry, User
from provisor.notices.models import Notice
from provisor.planning.allowance import WINDOW
from provisor.provisioning.models import Attempt, Hold, Link, Run


def application(row: Application, status: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        **settings_document(row),
        "auth": shown_auth(row),
        "paused": row.paused,
        "paused_reason": row.paused_reason,
        "unverified": row.unverified,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
        "status": status,
    }


def policy(row: Policy) -> dict[str, Any]:
    shown = policy_document(row)
    del shown["version"]
    return shown | {"created_at": rfc3339(row.created_at), "updated_at": rfc3339(row.updated_at)}


def plan(found: Mapping[str, Any]) -> dict[str, Any]:
    """A plan of the engine, with the ids of links as texts."""
    operations = [each | {"link_id": _text(each["link_id"])} for each in found["operations"]]
    return {**found, "operations": operations}


def names_of(links: Iterable[Link]) -> Mapping[UUID, str]:
    """The present names of the users and groups of links; tombstones keep theirs."""
    ids = [link.local_id for link in links]
    people = User.objects.filter(pk__in=ids).values_list("pk", "user_name")
    crowds = Group.objects.filter(pk__in=ids).values_list("pk", "display_name")
    return {**dict(people), **dict(crowds)}


def link(row: Link, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "application": str(row.application_id),
        "kind": row.kind,
        "local_id": str(row.local_id),
        "name": names.get(row.local_id, ""),
        "remote_id": row.remote_id,
        "origin": row.origin,
        "in_scope": row.in_scope,
        "cause": row.cause,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "not_before": from_milliseconds(row.not_before),
        "changed_at": from_milliseconds(row.changed_at),
    }


def whole_link(row: Link) -> dict[str, Any]:
    """One link with what was sent and what was seen."""
    return link(row, names_of([row])) | {"sent": row.sent, "observed": row.observed}


def hold(row: Hold, links: Mapping[int, Link], causers: Mapping[int, str]) -> dict[str, Any]:
    held = links.get(row.link_id)
    until = (row.decided_at or 0) + WINDOW if row.state == Hold.State.RELEASED else None
    return {
        "id": str(row.id),
        "application": str(row.application_id),
        "link": str(row.link_id),
        "kind": held.kind if held else None,
        "local_id": _text(held.local_id) if held else None,
        "user": _text(row.user_id),
        "act": row.act,
        "cause": row.cause,
        "effect": row.effect,
        "state": row.state,
        "reason": row.reason,
        "held_at": from_milliseconds(row.held_at),
        "entry": _text(row.entry_id),
        "caused_by": causers.get(row.entry_id or 0, ""),
        "decided_at": from_milliseconds(row.decided_at),
        "decided_by": row.decided_by,
        "expires_at": from_milliseconds(until),
        "note": row.note,
    }


def run(row: Run) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "application": str(row.application_id),
        "trigger": row.trigger,
        "state": row.state,
        "requested_at": from_milliseconds(row.requested_at),
        "started_at": from_milliseconds(row.started_at),
        "finished_at": from_milliseconds(row.finished_at),
        "totals": row.totals,
        "reason": row.reason,
    }


def attempt(row: Attempt) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "application": str(row.application_id),
        "link": _text(row.link_id),
        "run": _text(row.run_id),
        "local_id": _text(row.local_id),
        "cause": _text(row.entry_id),
        "at": from_milliseconds(row.at),
        "act": row.act,
        "method": row.method,
        "path": row.path,
        "status": row.status,
        "milliseconds": row.milliseconds,
        "request": row.request,
        "response": row.response,
        "reason": row.reason,
    }


def audit_entry(row: AuditEntry) -> dict[str, Any]:
    content = row.payload.content or {}
    return {
        "id": str(row.id),
        "at": rfc3339(row.at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "label": row.actor_label},
        "act": row.act,
        "subject": {"id": row.subject_id, "label": row.subject_label},
        "before": content.get("before"),
        "after": content.get("after"),
        "digest": row.digest,
    }


def journal_entry(row: JournalEntry) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": rfc3339(row.at),
        "event": row.event,
        "actor": row.actor,
        "subject_id": str(row.subject_id),
        "detail": row.detail,
    }


def notice(row: Notice) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "event": row.event,
        "phase": row.phase,
        "application": str(row.application_id) if row.application_id else None,
        "at": from_milliseconds(row.at),
        "title": row.title,
        "message": row.sentence,
        "detail": row.detail,
        "deliveries": [
            {
                "channel": each.channel.address,
                "state": each.state,
                "attempts": each.attempts,
                "outcome": each.outcome,
            }
            for each in row.deliveries.all()
        ],
    }


def profile(found: Profile) -> dict[str, Any]:
    facts = [{"name": fact.name, "value": fact.value, "evidence": fact.evidence} for fact in found.facts]
    return {
        "id": found.id,
        "name": found.name,
        "vendor": found.vendor,
        "summary": found.summary,
        "documentation": found.vendor_documentation,
        "base_url_hint": found.base_url_hint,
        "auth_methods": list(found.auth_methods),
        "notes": list(found.notes),
        "facts": facts,
        "defaults": found.defaults(),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
