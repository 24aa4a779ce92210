"""Plan the work for one user's link: render, compare, decide."""

from dataclasses import replace

from provisor.mapping.render import Rendered
from provisor.planning.absent import plan_absent_user
from provisor.planning.operation import Cause, Desired, Ending, Plan, Switches
from provisor.planning.present import plan_present
from provisor.provisioning.fold.grants import Grants, with_grants
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.work import DueLink, Work

UNRENDERED = (
    "Not sent: {problems} Mend the mapping or the user's attributes; it is tried again with the next change."
)
NO_SOURCE = "Not sent: the user is not in the directory any more."


def plan_user_work(context: Context, link: DueLink, grants: Grants) -> Work:
    """Plan for a user, in scope or not."""
    if not link.in_scope:
        actions, switches = context.actions, context.switches["user"]
        plan = plan_absent_user(Cause(link.cause), link.known, actions, switches, context.dialect)
        return Work(link=link, plan=plan)
    if link.source is None:
        return Work(link=link, plan=Plan(ending=Ending.FAILED, reason=NO_SOURCE))
    mapping = context.mappings["user"]
    rendered = mapping.render(link.source, link.references)
    if rendered.problems:
        return Work(link=link, plan=Plan(ending=Ending.FAILED, reason=unrendered(rendered)))
    desired = desired_of(rendered, mapping.managed)
    if context.grants:
        desired = with_grants(desired, context, grants.get(link.local_id), link.sent)
    plan = plan_present("user", desired, link.known, allowed(context, "user"))
    if link.local_id in grants and grants[link.local_id].reasons:
        plan = replace(plan, reason=" ".join(filter(None, [plan.reason, *grants[link.local_id].reasons])))
    return Work(link=link, plan=plan, desired=desired)


def unrendered(rendered: Rendered) -> str:
    """Say in one sentence which attributes could not be rendered, and why."""
    problems = "; ".join(f"{problem.place}: {problem.reason}" for problem in rendered.problems)
    return UNRENDERED.format(problems=problems)


def desired_of(rendered: Rendered, managed: frozenset[str]) -> Desired:
    return Desired(
        values=rendered.values,
        managed=managed,
        kept=rendered.kept,
        create_only=rendered.create_only,
        waiting=rendered.waiting,
    )


def allowed(context: Context, kind: str) -> Switches:
    """Return the administrator's switches, less what the application cannot do."""
    switches = context.switches["user" if kind == "user" else "group"]
    if context.dialect.creates(kind):
        return switches
    return replace(switches, create=False)
