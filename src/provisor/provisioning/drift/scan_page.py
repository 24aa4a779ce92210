"""One page of a scan: each resource beside its link, in one transaction of the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from provisor.planning.drift import Compared, Memory, compare
from provisor.planning.operation import Kind
from provisor.provisioning.drift import finding_store as findings
from provisor.provisioning.drift import scans
from provisor.provisioning.drift.corrections import correct_values
from provisor.provisioning.drift.finding_store import Found, shown
from provisor.provisioning.drift.scan_members import Members
from provisor.provisioning.drift.scan_unknown import describe
from provisor.provisioning.homes import epoch
from provisor.provisioning.keys import to_key, to_uuid
from provisor.provisioning.models import Finding, Link
from provisor.provisioning.passes.context import Context
from provisor.provisioning.perform.perform_write import baseline_of
from provisor.scim.path import MISSING


@dataclass(slots=True, kw_only=True)
class Looked:
    """What a look at some resources has left open."""

    #: Resources that are to be read singly, with the attributes that the list does not show of them: it may show less.
    again: dict[str, frozenset[str]] = field(default_factory=dict)
    #: A person has stopped the scan.
    stopped: bool = False


@dataclass(slots=True, kw_only=True)
class Look:
    """How a page is looked at. `asked_at`: when it was asked for; `singly`: each resource was read by its id."""

    context: Context
    progress: scans.Progress
    kind: Kind
    asked_at: int
    now: int
    singly: bool = False
    #: Attributes that lists do not show, although the resources have them.
    unlisted: frozenset[str] = frozenset()
    #: Some group of this application has shown members.
    members_shown: bool = False


def look_at(look: Look, resources: Sequence[Mapping[str, Any]]) -> Looked:
    """Compare resources with their links, store what is found, and remember how far the scan is."""
    looked = Looked()
    with transaction.atomic(), connection.cursor() as cursor:
        epoch.hold(cursor, look.context)
        if not scans.keep(look.progress):
            looked.stopped = True
            return looked
        by_id = {str(each["id"]): each for each in resources}
        links = _links(look, by_id)
        # before they count as seen now: what was written since they were seen last is looked at otherwise
        compared = {
            remote: one for remote, link in links.items() if (one := _compared(look, link, by_id[remote]))
        }
        members = Members(look, links, by_id)
        if not look.singly:
            looked.again = dict.fromkeys(members.hidden, frozenset()) | _hidden(compared)
        left = set(looked.again)
        found = [
            one
            for remote, link in links.items()
            if remote not in left and remote in compared
            for one in _changed(look, link, by_id[remote], compared[remote])
        ]
        found += members.found(left)
        _see(look, links.values())
        if not look.singly:
            unknown = [each for remote, each in by_id.items() if remote not in links]
            found += [describe(look.context, look.kind, each) for each in unknown]
            findings.settle_unknown(look.context.key, look.kind, list(links), look.now)
        _settle_clean(look, [link for remote, link in links.items() if remote not in left], found)
        findings.store(look.context.key, found, look.progress, now=look.now)
    return looked


def _links(look: Look, remote_ids: Iterable[str]) -> dict[str, Link]:
    rows = Link.objects.select_for_update().filter(
        application_id=to_uuid(look.context.key), kind=look.kind, remote_id__in=list(remote_ids)
    )
    return {str(link.remote_id): link for link in rows}


def _see(look: Look, links: Iterable[Link]) -> None:
    """Note that these are there; by the moment at which they were asked for."""
    seen = [link.pk for link in links]
    Link.objects.filter(pk__in=seen).update(seen_at=look.asked_at)
    findings.settle_links(look.context.key, look.kind, seen, [Finding.What.MISSING], look.now)


def is_settled(look: Look, link: Link) -> bool:
    """Whether nothing is under way for it, so that what was read can be compared with what was sent."""
    return link.intent is None and not link.doubt and link.changed_at < look.asked_at and link.verified


def _compared(look: Look, link: Link, resource: Mapping[str, Any]) -> Compared | None:
    paths = _paths(look, link)
    if not paths or not is_settled(look, link):
        return None
    return compare(_memory(link), baseline_of(resource, paths), paths - look.unlisted)


def _hidden(compared: Mapping[str, Compared]) -> dict[str, frozenset[str]]:
    hidden = {
        remote: frozenset(each.path for each in one.differences if each.vanished)
        for remote, one in compared.items()
    }
    return {remote: paths for remote, paths in hidden.items() if paths}


def _changed(look: Look, link: Link, resource: Mapping[str, Any], compared: Compared) -> Iterable[Found]:
    if link.baseline != compared.baseline:
        Link.objects.filter(pk=link.pk).update(baseline=compared.baseline)
    if compared.differences:
        yield _found(look, link, resource, compared)


def _paths(look: Look, link: Link) -> frozenset[str]:
    """The attributes that count for a link: the mapped ones; of a leaver only whether the account is open."""
    if link.origin not in (Link.Origin.CREATED, Link.Origin.ADOPTED) or link.sent is None:
        return frozenset()
    if not link.in_scope:
        left = link.state == Link.State.RELEASED and link.kind == "user" and link.sent.get("active") is False
        return frozenset({"active"}) if left else frozenset()
    if link.state not in look.context.settled:
        return frozenset()
    mapping = look.context.mappings[look.kind]
    granted = {"roles"} if look.context.roles else set()
    granted |= {"entitlements"} if look.context.entitlements else set()
    return (mapping.managed | granted) - mapping.create_only


def _memory(link: Link) -> Memory:
    return Memory(
        sent=link.sent or {},
        observed=link.observed,
        unshown=frozenset(link.unshown or ()),
        baseline=link.baseline,
        written_since=link.seen_at is None or link.changed_at > link.seen_at,
    )


def _found(look: Look, link: Link, resource: Mapping[str, Any], compared: Compared) -> Found:
    one = Found(
        what=Finding.What.CHANGED,
        kind=look.kind,
        remote_id=str(link.remote_id),
        link_id=link.pk,
        local_id=to_key(link.local_id),
        name=name_of(look.kind, resource),
        detail={"changes": [_shown_change(each.path, each.sent, each.now) for each in compared.differences]},
    )
    if look.context.drift["on_difference"] == "correct" and not look.context.observes:
        _correct(look, link, one, {each.path: _plain(each.now) for each in compared.differences})
    return one


def _correct(look: Look, link: Link, one: Found, held: dict[str, Any]) -> None:
    """Have it sent again, unless that was done after the last scan already and no answer showed that it took."""
    before = findings.standing(look.context.key, look.kind, [one.remote_id]).get((one.remote_id, one.what))
    again = before is not None and before.state == Finding.State.CORRECTED and before.digest == one.digest
    if again and link.observed is None and "active" not in held:
        one.reason = findings.NOT_KEPT
        return
    correct_values(link, held, now=look.now)
    one.state = Finding.State.CORRECTED
    look.progress.count("corrected")


def _shown_change(path: str, sent: Any, now: Any) -> dict[str, Any]:
    return {"path": path, "sent": shown(_plain(sent)), "now": shown(_plain(now))}


def _plain(value: Any) -> Any:
    return None if value is MISSING else value


def name_of(kind: str, resource: Mapping[str, Any]) -> str:
    """What a resource calls itself, for people; capped."""
    value = resource.get("userName" if kind == "user" else "displayName")
    return str(shown(value)) if isinstance(value, str) else ""


def _settle_clean(look: Look, links: Sequence[Link], found: Sequence[Found]) -> None:
    """What was found before and is as it should be now."""
    left = {one.link_id for one in found}
    clean = [link.pk for link in links if link.pk not in left and is_settled(look, link)]
    whats = [Finding.What.CHANGED, Finding.What.MEMBERS]
    findings.settle_links(look.context.key, look.kind, clean, whats, look.now)
