"""Values that were free again: whoever was refused one of them with 409 is tried again (engine.md, section 9)."""

from collections.abc import Iterable, Iterator
from typing import Any

from provisor.directory.names import fold
from provisor.planning.operation import Act
from provisor.provisioning.keys import Key
from provisor.provisioning.passes.work import Outcome

WAKE_USERS = """
UPDATE provisioning_link SET state = 'due', attempts = 0, not_before = 0
WHERE application_id = %s AND kind = 'user' AND state = 'conflict' AND intent IS NULL AND local_id IN (
    SELECT id FROM directory_user WHERE user_name_key IN ({keys}) OR external_id IN ({values}) OR email IN ({values}))
"""
WAKE_GROUPS = """
UPDATE provisioning_link SET state = 'due', attempts = 0, not_before = 0
WHERE application_id = %s AND kind = 'group' AND state = 'conflict' AND intent IS NULL AND local_id IN (
    SELECT id FROM directory_group WHERE display_name IN ({values}) OR external_id IN ({values}))
"""


def wake_conflicts(cursor: Any, application: Key, outcomes: Iterable[Outcome]) -> None:
    """Make due again the conflicts over values that these outcomes have given up; costs nothing where there are none."""
    given_up: dict[str, set[str]] = {}
    for outcome in outcomes:
        if outcome.confirmed or outcome.gone:
            given_up.setdefault(outcome.work.link.kind, set()).update(_given_up(outcome))
    if users := sorted(given_up.get("user", ())):
        keys = [fold(value) for value in users]
        cursor.execute(
            WAKE_USERS.format(keys=_marks(keys), values=_marks(users)), [application, *keys, *users, *users]
        )
    if groups := sorted(given_up.get("group", ())):
        cursor.execute(WAKE_GROUPS.format(values=_marks(groups)), [application, *groups, *groups])


def _given_up(outcome: Outcome) -> Iterator[str]:
    """The texts that were there before and are not any more."""
    operation, before = outcome.work.plan.operation, outcome.work.link.sent or {}
    if operation is None:
        return
    if operation.act is Act.DELETE:
        paths = list(before)
    elif operation.act is Act.UPDATE:
        paths = [change.path for change in operation.changes]
    else:
        return
    yield from (before[path] for path in paths if isinstance(before.get(path), str))


def _marks(values: list[str]) -> str:
    return ", ".join(["%s"] * len(values))
