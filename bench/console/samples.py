"""The addresses that are measured, by the name of their pattern: each with and without a filter, and deep inside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from bench.console.places import Places

#: Patterns that answer with a rehearsal or a plan, and with nothing else.
REHEARSALS = frozenset(
    {
        "groups-reach",
        "group-members-reach",
        "group-inside-reach",
        "add-policy-reach",
        "policy-reach",
        "set-up-plan",
    }
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One address: a pattern, its arguments, the query; as a part where a page loads it beside itself.

    A rehearsal is such a part too, one that makes a change and takes it back, or that plans.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)
    part: bool = False

    @property
    def rehearsal(self) -> bool:
        """Whether it is what a page only asks for once it is shown."""
        return self.name in REHEARSALS or self.query.get("reach") == "now"


def samples(places: Places) -> list[Sample]:
    """Every sample there is."""
    return [
        *_shell(),
        *_applications(places),
        *_drift(places),
        *_access(places),
        *_links(places),
        *_set_up(places),
        *_users(places),
        *_groups(places),
        *_policies(places),
        *_questions(places),
        *_settings(places),
        *_doors(places),
    ]


def _shell() -> Iterator[Sample]:
    for name in ("home", "needs-you", "samples", "palette"):
        yield Sample(name)
    for text in ("person0500", "team 00", "slack", "nothing is called so"):
        yield Sample("palette", query={"q": text}, part=True)


def _applications(places: Places) -> Iterator[Sample]:
    big = (places.big_application.id,)
    yield Sample("apps")
    yield Sample("apps", query={"q": "s"})
    for tab in (
        "",
        "-accounts",
        "-groups",
        "-mapping",
        "-features",
        "-policies",
        "-plan",
        "-holds",
        "-drift",
        "-log",
    ):
        yield Sample(f"application{tab}", big)
    for name in ("application-settings", "application-head", "application-go", "delete-application"):
        yield Sample(name, big)
    for name in ("application-pause", "application-mode", "change-profile"):
        yield Sample(name, big, part=True)
    for name in ("application-plan", "application-go", "application-mode"):
        yield Sample(name, big, {"reach": "now"}, part=True)
    yield Sample("application-provision", big)
    yield Sample("application-provision", big, {"q": "person0500"})
    yield Sample("application-fact", (*big, _fact()), part=True)
    for act in ("create", "deactivate"):
        yield Sample("application-plan", big, {"act": act, "reach": "now"}, part=True)
    yield Sample("application-plan", (places.watched_application.id,))
    yield Sample("application-plan", (places.watched_application.id,), {"reach": "now"}, part=True)
    yield Sample("application", (places.watched_application.id,))
    yield Sample("application-holds-reach", big, {"holds": places.hold.id, "action": "release"}, part=True)
    yield Sample("application-holds-all", big, {"reason": places.hold.reason, "action": "release"}, part=True)


def _drift(places: Places) -> Iterator[Sample]:
    big = (places.big_application.id,)
    for query in (
        {"what": "unknown"},
        {"what": "unknown", "match": "sure"},
        {"what": "members"},
        {"state": "settled"},
    ):
        yield Sample("application-drift", big, query)
    yield Sample("application-drift", big, {"after": places.middle["findings"]})
    for action, finding in (("correct", places.changed), ("remove", places.stranger)):
        yield Sample("application-findings-reach", big, {"findings": finding.id, "action": action}, part=True)
    for name in ("application-findings-adopt", "application-reassert"):
        yield Sample(name, big, part=True)
    yield Sample("application-finding-adopt", (*big, places.stranger.id), part=True)
    yield Sample("application-link", (*big, places.left_link.id))
    yield Sample("application-link-delete", (*big, places.left_link.id), part=True)


def _access(places: Places) -> Iterator[Sample]:
    today, before = datetime.now(tz=UTC).date(), date(2020, 1, 1)
    for day in (today, before):
        asked = {"on": day.isoformat(), "zone": "Europe/Berlin"}
        yield Sample("application-access", (places.big_application.id,), asked)
        yield Sample("user-access", (places.busy_user.id,), asked)


def _links(places: Places) -> Iterator[Sample]:
    big = (places.big_application.id,)
    yield Sample("application-accounts", big, {"after": places.middle["links"]})
    for state in ("failed", "conflict", "in_sync", "held"):
        yield Sample("application-accounts", big, {"state": state})
    yield Sample("application-accounts", big, {"state": "failed", "reason": _reason(places)})
    yield Sample("application-accounts", big, {"leavers": "1"})
    for text in ("person0500", "nobody-has-this-name", places.user_link.local_id, places.user_link.remote_id):
        yield Sample("application-accounts", big, {"q": text})
    yield Sample("application-groups", big, {"q": "department"})
    yield Sample("application-groups", big, {"state": "in_sync"})
    yield Sample("application-log", big, {"after": places.middle["attempts"]})
    for query in (
        {"status": "failed"}, {"status": "5"}, {"act": "create"}, {"act": "delete"}, {"span": "hour"}, {"span": "week"},
        {"who": "person000123@example.com"}, {"who": "person"}, {"q": "too long"}, {"q": "no attempt says this"},
        {"run": places.run.id},
    ):  # fmt: skip
        yield Sample("application-log", big, query)
    yield Sample("application-attempt", (*big, places.attempt.id))
    for link in (places.user_link, places.group_link, places.conflict):
        yield Sample("application-link", (*big, link.id))
    yield Sample("application-link-adopt", (*big, places.conflict.id), part=True)
    yield Sample("application-links-reach", big, {"links": places.user_link.id, "action": "retry"}, part=True)


def _reason(places: Places) -> str:
    from provisor.provisioning.models import Link

    failed = Link.objects.filter(application=places.big_application, state="failed").order_by("id").first()
    return failed.reason if failed is not None else ""


def _set_up(places: Places) -> Iterator[Sample]:
    yield Sample("add-application")
    yield Sample("add-application", query={"q": "slack"})
    yield Sample("add-connection", query={"profile": "generic", "name": "Something new"})
    for step in ("basics", "connection", "mapping", "features", "review", "done"):
        yield Sample("set-up", (places.watched_application.id, step))
    yield Sample("set-up-plan", (places.watched_application.id,), part=True)


def _users(places: Places) -> Iterator[Sample]:
    yield Sample("users")
    yield Sample("users", query={"after": places.middle["users"]})
    for text in ("person0500", "lovelace", "nobody-has-this-name"):
        yield Sample("users", query={"q": text})
    for query in (
        {"status": "inactive"},
        {"group": places.big_group.display_name},
        {"group": places.outer_group.display_name},
        {"group": places.small_group.display_name},
        {"application": places.big_application.id},
        {"application": places.big_application.id, "state": "failed"},
        {"application": places.watched_application.id, "q": "person0500"},
    ):
        yield Sample("users", query=query)
    yield Sample("choose-person", query={"q": "person0500", "manager": "person0500"}, part=True)
    yield Sample("choose-group", query={"q": "team", "group": "team"}, part=True)
    yield Sample("choose-groups", query={"find": "team"}, part=True)
    for action in ("deactivate", "delete"):
        asked = {"user": places.busy_user.id, "action": action}
        yield Sample("act-on-users", query=asked)
        yield Sample("act-on-users", query={**asked, "reach": "now"}, part=True)
    crowd = {"all": "yes", "filter": f"application={places.big_application.id}", "action": "deactivate"}
    for filter_ in (f"group={places.small_group.display_name}", crowd["filter"]):
        yield Sample("act-on-users", query={**crowd, "filter": filter_})
        yield Sample("act-on-users", query={**crowd, "filter": filter_, "reach": "now"}, part=True)
    yield Sample("add-user")
    yield Sample("import-users")
    for user in (places.busy_user, places.manager, places.disabled_user):
        yield Sample("user", (user.id,))
    yield Sample("edit-user", (places.busy_user.id,))
    yield Sample("work", (places.work.id,))


def _groups(places: Places) -> Iterator[Sample]:
    yield Sample("groups")
    yield Sample("groups", query={"q": "team 01"})
    yield Sample("groups", query={"after": places.middle["groups"]})
    for name in ("create-group", "import-groups"):
        yield Sample(name)
    yield Sample("group-choices", query={"q": "team"}, part=True)
    yield Sample("user-choices", query={"q": "person0500"}, part=True)
    for name in ("user-choices", "group-choices"):
        yield Sample(name, query={"q": "nothing is called so"}, part=True)
    for group in (places.everyone, places.big_group, places.outer_group, places.small_group):
        yield from _group(group.id)
    yield Sample("group", (places.big_group.id,), {"after": places.middle["users"]})
    yield Sample("group", (places.everyone.id,), {"after": places.middle["users"]})
    yield Sample("group", (places.outer_group.id,), {"through": "1", "after": places.middle["users"]})
    small = places.small_group.id
    yield Sample("groups-reach", query={"group": small, "action": "delete"}, part=True)
    for name in ("rename-group", "delete-group"):
        yield Sample(name, (small,), part=True)
    for group in (places.big_group, places.outer_group, places.small_group):
        yield Sample("delete-group", (group.id,), part=True)
        yield Sample("delete-group", (group.id,), {"reach": "now"}, part=True)
    for action in ("add", "remove"):
        query = {"user": places.busy_user.id, "action": action}
        yield Sample("group-members-reach", (places.big_group.id,), query, part=True)
    yield Sample("group-inside-reach", (places.outer_group.id,), {"child": small, "group": small}, part=True)
    out = (places.outer_group.id, _inside(places))
    yield Sample("group-take-out", out, part=True)
    yield Sample("group-take-out", out, {"reach": "now"}, part=True)


def _group(group: UUID) -> Iterator[Sample]:
    for tab in ("", "-inside", "-policies", "-applications", "-journal"):
        yield Sample(f"group{tab}", (group,))
    for query in (
        {"show": "out"},
        {"show": "all"},
        {"through": "1"},
        {"q": "person0500"},
        {"q": "nobody-is-called-so"},
    ):
        yield Sample("group", (group,), query)


def _inside(places: Places) -> UUID:
    from provisor.directory.models import Nesting

    return Nesting.objects.filter(parent=places.outer_group).values_list("child_id", flat=True)[0]


def _policies(places: Places) -> Iterator[Sample]:
    yield Sample("policies")
    yield Sample("policies", query={"q": "department"})
    yield Sample("policies", query={"application": places.big_application.id})
    yield Sample("policies", query={"group": places.big_group.id})
    yield Sample("add-policy")
    ends = {"application": places.watched_application.id, "group": places.big_group.id}
    yield Sample("add-policy", query=ends)
    yield Sample("add-policy-reach", query={**ends, "name": "More", "login_method": "password"}, part=True)
    filter_ = {"scope": 'user.userType == "Employee"', "try_on": "person000123@example.com"}
    yield Sample("try-filter", query=filter_, part=True)
    yield Sample("policy-second-factor", query={"login_method": "password"}, part=True)
    for policy in (places.policy, places.policy_for_everyone):
        for name in ("policy", "policy-accounts", "policy-reach", "delete-policy"):
            yield Sample(name, (policy.id,), part=name != "policy")
        yield Sample("delete-policy", (policy.id,), {"reach": "now"}, part=True)
        form = {
            "name": policy.name,
            "login_method": policy.login_method,
            "second_factor": policy.second_factor,
        }
        yield Sample("policy-reach", (policy.id,), form, part=True)


def _questions(places: Places) -> Iterator[Sample]:
    yield Sample("why")
    for user in (places.busy_user, places.disabled_user):
        yield Sample("why", query={"user": user.id})
        yield Sample("why", query={"user": user.id, "application": places.big_application.id})
        yield Sample("why", query={"user": user.id, "application": places.watched_application.id})
    yield Sample("activity")
    yield Sample("activity", query={"application": places.big_application.id})
    yield Sample("activity", query={"state": "finished"})
    yield Sample("activity", query={"state": "running"})
    yield Sample("activity-log")
    yield Sample("activity-log", query={"after": places.middle["attempts"]})
    for query in ({"status": "failed"}, {"status": "5"}, {"act": "delete"}, {"span": "hour"}, {"who": "person000123@example.com"}, {"q": "no attempt says this"}):  # fmt: skip
        yield Sample("activity-log", query=query)
    yield Sample("run", (places.run.id,))
    yield Sample("attempt", (places.attempt.id,))
    yield from _records(places)


def _records(places: Places) -> Iterator[Sample]:
    who = "administrator3@example.com"
    for name in ("audit", "journal"):
        yield Sample(name)
        yield Sample(name, query={"after": places.middle["journal"]})
        for query in ({"actor": who}, {"actor": "nobody"}, {"subject": "person000123@example.com"}, {"subject": "nobody-has-this-name"}, {"since": "2020-01-01", "until": "2020-01-02"}, {"since": "2020-01-01"}):  # fmt: skip
            yield Sample(name, query=query)
    yield Sample("audit", query={"act": "group.created"})
    yield Sample("audit", query={"act": "user.updated", "actor": "nobody"})
    yield Sample("audit", query={"kind": "command"})
    yield Sample("journal", query={"event": "group.created"})
    yield Sample("journal", query={"event": "user.updated", "actor": who})
    yield Sample("audit-entry", (places.audited.id,))
    yield Sample("journal-entry", (places.entry.id,))
    yield Sample("audit-verify")


def _settings(places: Places) -> Iterator[Sample]:
    for name in ("settings", "administrators", "tokens", "notifications", "attributes", "about"):
        yield Sample(name)
    for name in (
        "add-administrator",
        "create-token",
        "add-attribute",
        "add-notice-email",
        "add-notice-webhook",
    ):
        yield Sample(name, part=True)
    yield Sample("tokens", query={"whose": "all"})
    for name in ("administrator-role", "administrator-password", "disable-administrator"):
        yield Sample(name, (places.administrator.id,), part=True)
    yield Sample("revoke-token", (places.token.id,), part=True)
    for name in ("describe-attribute", "remove-attribute"):
        yield Sample(name, (places.attribute.id,), part=True)
    for name in ("change-notice-channel", "remove-notice-channel"):
        yield Sample(name, (places.channel.id,), part=True)


def _fact() -> str:
    from provisor.scim.dialect import FACTS

    return next(iter(FACTS))


def _doors(places: Places) -> Iterator[Sample]:
    """One's own account and applications, and who else may come in."""
    big = (places.big_application.id,)
    for name in ("account", "my-apps", "sign-in-provider", "invite-group"):
        yield Sample(name)
    for name in ("application-connection", "application-sign-in"):
        yield Sample(name, big)
    yield Sample("invite-group", query={"to_group": places.big_group.display_name})
    yield Sample("invite-user", (places.busy_user.id,), part=True)
    yield Sample("administrator-access", (places.administrator.id,), part=True)
