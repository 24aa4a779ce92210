"""What is in doubt about a creation, and by what a resource is known to be the one that was meant (R2)."""

from collections.abc import Mapping
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning.passes.settle import merge_doubt
from provisor.provisioning.passes.take import intent_of
from provisor.provisioning.passes.work import DueLink, Outcome, Work
from provisor.scim.path import read
from provisor.scim.resource import same_key

#: By which of these a resource is known to be the one that a POST made; nobody else's has the same.
IDENTIFYING: Mapping[str, tuple[str, ...]] = {
    "user": ("userName", "externalId"),
    "group": ("displayName", "externalId"),
}


def refused(work: Work, state: str, reason: str) -> Outcome:
    """Nothing is linked: what was in doubt before is so still, and what was posted just now is so, too."""
    doubt = doubt_of(work) if work.posted else work.link.doubt
    return Outcome(work=work, confirmed=False, state=state, reason=reason, doubt=doubt or None)


def doubt_of(work: Work) -> dict[str, Any] | None:
    """Return what may have changed there, if the work has no outcome; a creation only once its POST was handed over."""
    intent = intent_of(work)
    intent.pop("members", None)
    if not work.posted:
        intent.pop("create", None)
        intent.pop("as", None)
    operation = work.plan.operation
    if operation is not None and operation.act is Act.FIND_AND_DEPROVISION:
        # it only looks
        intent = {}
    return merge_doubt({name: value for name, value in intent.items() if value}, work.link.doubt) or None


def sent_before(link: DueLink) -> list[Mapping[str, Any]]:
    """Return the matching values of each earlier POST that has no outcome."""
    return list(link.doubt.get("as", ()))


def was_posted(link: DueLink, values: Mapping[str, Any]) -> bool:
    """Whether an earlier POST without an outcome sent these values."""
    if not link.doubt.get("create"):
        return False
    before = sent_before(link)
    return not before or any(
        all(values.get(path) == value for path, value in each.items()) for each in before
    )


def wanted_values(work: Work) -> Mapping[str, Any]:
    """Return the values that the resource is to have."""
    return work.desired.values if work.desired is not None else {}


def identifier_of(resource: Mapping[str, Any] | None) -> str | None:
    """Return the id that the application has given, if it is one."""
    identifier = resource.get("id") if resource else None
    return identifier if isinstance(identifier, str) and identifier else None


def is_proved(resource: Mapping[str, Any], work: Work) -> bool:
    """Whether a resource carries a name or an externalId that an earlier POST sent: an address may be given to others."""
    sent = sent_before(work.link)
    if work.posted or not sent:
        sent.append(wanted_values(work))
    return any(
        each.get(path) and same_key(path, read(resource, path), each[path])
        for each in sent
        for path in IDENTIFYING[work.link.kind]
    )


def is_ours(resource: Mapping[str, Any], work: Work) -> bool:
    """Whether a resource carries the externalId that we would give it, or gave it."""
    owns = [values.get("externalId") for values in (*sent_before(work.link), wanted_values(work))]
    return any(own and same_key("externalId", read(resource, "externalId"), own) for own in owns)
