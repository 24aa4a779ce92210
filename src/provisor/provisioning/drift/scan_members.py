"""Members of pushed groups, as a scan sees them beside those that were confirmed.

Nothing is concluded from a list of members that may be cut or hidden: many applications never show members, show them
only when the group is read singly, or show the first hundred of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from provisor.provisioning.drift.corrections import correct_members, users_of
from provisor.provisioning.drift.finding_store import NOT_KEPT, Found, shown, standing
from provisor.provisioning.keys import to_key, to_uuid
from provisor.provisioning.models import Finding, Link, LinkMember
from provisor.provisioning.perform.put_members import shown_members

if TYPE_CHECKING:
    from provisor.provisioning.drift.scan_page import Look

#: Ids of one group that a finding keeps; the next scan finds the rest.
IDS = 1_000
#: A list of so many members, or a multiple of it, that lacks some may just have been cut there.
ROUND = 50

FOREIGN = "The group was there before Provisor, so members that others put in stay."
CUT = "It shows exactly {count} members, and more were confirmed: the list is probably cut, so nobody counts as missing."


class Members:
    """The members of the groups of one page."""

    def __init__(
        self, look: "Look", links: Mapping[str, Link], by_id: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._look = look
        shows = look.kind == "group" and look.context.membership and look.context.dialect.members_readable
        self._links = {remote: link for remote, link in links.items() if _counts(look, link)} if shows else {}
        self._rows = _rows(self._links.values())
        self._there = {remote: _shown(by_id[remote]) for remote in self._links}
        look.members_shown = look.members_shown or any(self._there.values())

    @property
    def hidden(self) -> list[str]:
        """Groups that show nobody although members were confirmed: the list may show less than the group."""
        return [
            remote
            for remote, link in self._links.items()
            if self._confirmed(link) and not self._there[remote]
        ]

    def found(self, left: set[str]) -> list[Found]:
        """Compare the groups that are not among those to be read singly."""
        found = []
        for remote, link in self._links.items():
            there, rows = self._there[remote], self._rows.get(link.pk, [])
            if remote in left or (self._confirmed(link) and not there and not self._look.members_shown):
                # it has never shown a member: an empty list says nothing
                continue
            one = _compare(self._look, link, rows, there)
            if one is not None:
                found.append(one)
        return found

    def _confirmed(self, link: Link) -> bool:
        return any(row.remote_id for row in self._rows.get(link.pk, ()))


def _counts(look: "Look", link: Link) -> bool:
    """Whether the members of this group are known, and nothing is under way for it."""
    quiet = link.intent is None and not link.doubt and link.changed_at < look.asked_at
    return link.in_scope and quiet and link.state in look.context.settled and link.verified


def _rows(links: Iterable[Link]) -> dict[int, list[LinkMember]]:
    rows: dict[int, list[LinkMember]] = {}
    for row in LinkMember.objects.filter(link__in=[link.pk for link in links]):
        rows.setdefault(row.link_id, []).append(row)
    return rows


def _shown(group: Mapping[str, Any]) -> set[str]:
    values = (member.get("value") for member in shown_members(group) or ())
    return {str(value) for value in values if isinstance(value, str | int) and value != ""}


def _compare(look: "Look", link: Link, rows: Sequence[LinkMember], there: set[str]) -> Found | None:
    confirmed = {str(row.remote_id): row for row in rows if row.remote_id}
    awaited = {row.user_id for row in rows if row.wanted and not row.remote_id}
    absent = {remote: row for remote, row in confirmed.items() if remote not in there and not row.due}
    missing = sorted(absent.keys() - _gone_accounts(look, absent))
    users = users_of(to_uuid(look.context.key), sorted(there - confirmed.keys())[: 2 * IDS])
    extra = sorted(remote for remote in there - confirmed.keys() if users.get(remote) not in awaited)
    reason = ""
    if missing and there and len(there) % ROUND == 0:
        missing, reason = [], CUT.format(count=len(there))
    if not (missing or extra):
        return None
    adopted = link.origin != Link.Origin.CREATED
    detail = {
        "missing": [
            {"id": shown(remote), "user": str(confirmed[remote].user_id)} for remote in missing[:IDS]
        ],
        "extra": [{"id": shown(remote), "user": _text(users.get(remote))} for remote in extra[:IDS]],
        "missing_count": len(missing),
        "extra_count": len(extra),
        "foreign": adopted,
    }
    one = Found(
        what=Finding.What.MEMBERS,
        kind="group",
        remote_id=str(link.remote_id),
        link_id=link.pk,
        local_id=to_key(link.local_id),
        name=str(shown(link.sent.get("displayName", ""))) if link.sent else "",
        detail=detail,
        reason=reason or (FOREIGN if adopted and extra else ""),
    )
    if look.context.drift["on_difference"] == "correct" and not look.context.observes:
        _correct(look, link, one)
    return one


def _gone_accounts(look: "Look", absent: Mapping[str, LinkMember]) -> set[str]:
    """Members whose account itself is gone: that is found by itself, and so is mended."""
    users = [row.user_id for row in absent.values()][:IDS]
    if not users:
        return set()
    links = Link.objects.filter(application_id=to_uuid(look.context.key), kind="user", local_id__in=users)
    there = links.exclude(state__in=[Link.State.FAILED, Link.State.DUE]).exclude(remote_id=None)
    kept = set(there.values_list("remote_id", flat=True))
    return absent.keys() - kept if len(absent) <= IDS else set()


def _correct(look: "Look", link: Link, one: Found) -> None:
    """Have it mended; who is put back again and again, and is not there again, is reported."""
    extra = {} if one.detail["foreign"] else as_removals(one.detail)
    missing = [each["id"] for each in one.detail["missing"]]
    before = standing(look.context.key, "group", [one.remote_id]).get((one.remote_id, one.what))
    done = before is not None and before.state == Finding.State.CORRECTED and before.digest == one.digest
    if done and not extra:
        one.reason = NOT_KEPT
    elif missing or extra:
        correct_members(link, missing, extra, now=look.now)
        one.state = Finding.State.CORRECTED
        look.progress.count("corrected")


def as_removals(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are too many, each with the key of its user, None for nobody's."""
    return {each["id"]: _key(each["user"]) for each in detail["extra"]}


def _key(text: str | None) -> Any:
    return to_key(UUID(text)) if text else None


def _text(identifier: Any) -> str | None:
    return None if identifier is None else str(identifier)
