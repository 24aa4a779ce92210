"""What a pass would do with one link, as a field of `Counts`: by the planner of the pass itself (R19)."""

from dataclasses import dataclass, replace

from provisor.planning.absent import plan_absent_group, plan_absent_user
from provisor.planning.deprovision import deprovision
from provisor.planning.operation import Act, Cause, Ending, Operation, Plan
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.group_work import plan_group_attributes
from provisor.provisioning.passes.user_work import plan_user_work
from provisor.provisioning.rehearsal.rehearsal_links import Moment, Standing, needs_rendering
from provisor.scim.known_attributes import as_boolean

#: Where a user's and a group's operation is counted.
FIELDS = {
    ("user", Act.CREATE): "creates",
    ("user", Act.UPDATE): "updates",
    ("user", Act.DEACTIVATE): "deactivates",
    ("user", Act.DELETE): "deletes",
    ("group", Act.CREATE): "groups_created",
    ("group", Act.UPDATE): "groups_updated",
    ("group", Act.DELETE): "groups_deleted",
    ("user", Act.ADOPT): "adopts",
    ("group", Act.ADOPT): "adopts",
}
#: What is deprovisioned once a look-up has found it.
FOUND = "found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What would happen to one link: a field of `Counts`, or nothing."""

    count: str = ""
    #: What tells two such fates of one link apart: the changes of an update, the cause of a hold.
    content: object = None


NOTHING = Fate()


def fate_of(moment: Moment, standing: Standing) -> Fate:
    """Say what a pass that finds this moment would do with the link."""
    context = moment.context
    if context is None or not context.dialect.has(standing.kind):
        return NOTHING
    if standing.state == "held":
        return Fate(count="held", content=standing.cause)
    if standing.excluded:
        return Fate(count="excluded")
    if not standing.in_scope:
        return _leaving(context, standing)
    return _staying(moment, context, standing) if needs_rendering(standing, context) else NOTHING


def _leaving(context: Context, standing: Standing) -> Fate:
    plan = _plan_absent(context, standing)
    if plan.operation is not None and plan.operation.act is Act.FIND_AND_DEPROVISION:
        known = replace(standing.known, remote_id=FOUND, created_in_doubt=False)
        plan = _plan_absent(context, replace(standing, known=known))
    if plan.operation is not None:
        act = Act.DELETE if _is_gone(context, standing) else plan.operation.act
        return Fate(count=FIELDS[standing.kind, act])
    if plan.ending is Ending.FAILED:
        return Fate(count="failed", content=plan.reason)
    if plan.ending is Ending.RELEASED and standing.is_live:
        kept = "keeps" if standing.kind == "user" else "groups_unlinked"
        return Fate(count=kept, content=standing.cause)
    return NOTHING


def _is_gone(context: Context, standing: Standing) -> bool:
    """In some applications an account that is set inactive is deleted: whatever is sent, say what it does."""
    if standing.kind == "group":
        return False
    cause, switches = Cause(standing.cause), context.switches["user"]
    return deprovision(cause, context.actions, switches, context.dialect).deletes


def _plan_absent(context: Context, standing: Standing) -> Plan:
    cause, switches = Cause(standing.cause), context.switches[standing.kind]
    if standing.kind == "group":
        return plan_absent_group(cause, standing.known, switches, context.dialect)
    return plan_absent_user(cause, standing.known, context.actions, switches, context.dialect)


def _staying(moment: Moment, context: Context, standing: Standing) -> Fate:
    link = moment.links.get(standing.id)
    if link is None:
        return NOTHING
    if standing.kind == "user":
        plan = plan_user_work(context, link, moment.grants).plan
    else:
        plan = plan_group_attributes(context, link).plan
    if plan.operation is not None:
        return _operating(standing, plan.operation)
    return Fate(count="failed", content=plan.reason) if plan.ending is Ending.FAILED else NOTHING


def _operating(standing: Standing, operation: Operation) -> Fate:
    comes_back = standing.inactive and any(
        change.path == "active" and change.value is True for change in operation.changes
    )
    count = "reactivates" if comes_back else FIELDS[standing.kind, operation.act]
    if not standing.inactive and operation.act is Act.UPDATE and _makes_inactive(operation):
        count = "deactivates"
    return Fate(count=count, content=operation.changes)


def _makes_inactive(operation: Operation) -> bool:
    """Whether the mapping makes the account inactive of somebody who is in scope."""
    return any(change.path == "active" and as_boolean(change.value) is False for change in operation.changes)
