"""Managers before their reports, so that most references are sent with the POST and need no PATCH afterwards.

Nobody waits for anybody: who is sent before the manager's account is known gets the reference in its own phase. So a
cycle of managers, and a manager who cannot be created, hold up no one.
"""

from dataclasses import replace

from provisor.planning.operation import Act
from provisor.planning.present import plan_present
from provisor.provisioning.keys import Key, to_text
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.user_work import allowed
from provisor.provisioning.passes.work import Work


def managers_first(works: list[Work]) -> list[Work]:
    """Order works by depth of management; at each depth those who have reports come before those who have none."""
    created = {to_text(work.link.local_id): work for work in works if _creates(work)}
    managers = {name: _manager_of(work) for name, work in created.items()}
    leading = set(managers.values())

    def rank(work: Work) -> tuple[int, bool]:
        name = to_text(work.link.local_id)
        return _depth(name, managers), name not in leading

    return sorted(works, key=rank) if leading - {None} else works


def _depth(name: str, managers: dict[str, str | None]) -> int:
    """Count the managers above that are created as well; a cycle ends where it closes."""
    seen = {name}
    above = managers.get(name)
    while above in managers and above not in seen:
        seen.add(above)
        above = managers[above]
    return len(seen) - 1


def _creates(work: Work) -> bool:
    operation = work.plan.operation
    return work.link.kind == "user" and operation is not None and operation.act is Act.CREATE


def _manager_of(work: Work) -> str | None:
    """Return the id here of a manager whose account is not known yet."""
    return next((manager for manager, account in work.link.references.items() if account is None), None)


class Accounts:
    """The accounts that came to be in this pass: what was claimed before does not know of them."""

    def __init__(self) -> None:
        self._remote_ids: dict[str, str] = {}

    def add(self, user: Key, remote_id: str) -> None:
        self._remote_ids[to_text(user)] = remote_id

    def refer(self, context: Context, work: Work) -> None:
        """Put references into the work whose accounts have come to be since it was planned."""
        desired, link = work.desired, work.link
        if desired is None or not desired.waiting or link.source is None:
            return
        known = {
            manager: account or self._remote_ids.get(manager) for manager, account in link.references.items()
        }
        if known == link.references:
            return
        rendered = context.mappings[link.kind].render(link.source, known)
        referred = {path: rendered.values[path] for path in desired.waiting if path in rendered.values}
        work.desired = replace(desired, values={**desired.values, **referred}, waiting=rendered.waiting)
        work.plan = plan_present(link.kind, work.desired, link.known, allowed(context, link.kind))
