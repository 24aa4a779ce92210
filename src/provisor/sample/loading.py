"""The whole offer: the company in the directory, the target running, its application, and policies that join them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from provisor.applications.applications import create_for_own_target
from provisor.applications.lookup import live_applications
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.directory.models import Group, User
from provisor.provisioning.operations import OperationRefused
from provisor.sample.company import FEW_DIVISIONS, Company, build_company
from provisor.sample.founding import CONNECTIONS, found_company, grant, granted_groups
from provisor.sample.keeper import Keeper, NewTarget
from provisor.sample.process import TargetFailed

APPLICATION: Final = "Sample target"
PEOPLE: Final = 120
NOT_EMPTY: Final = (
    "The sample company is for an empty system, and this one has {found}. Nothing was loaded. Start Provisor with "
    "another data directory (PROVISOR_DATA_DIR) to look at the sample."
)

#: Called with what is done and the total; what it raises takes everything back.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is there now."""

    application_id: UUID
    company: Company


def what_is_there() -> str:
    """What keeps the sample company out, in words; empty when the system is empty. Everyone does not count."""
    counts = (
        (User.objects.filter(deleted_at=None).count(), "user", "users"),
        (Group.objects.filter(deleted_at=None, is_everyone=False).count(), "group", "groups"),
        (live_applications().count(), "application", "applications"),
    )
    return ", ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in counts if number)


def refuse_unless_empty() -> None:
    """Raise OperationRefused when there are users, groups or applications."""
    if found := what_is_there():
        raise OperationRefused(NOT_EMPTY.format(found=found))


def load_sample(keeper: Keeper, actor: Actor, progress: Progress) -> Loaded:
    """Found the company, start its target and grant it: all of it, or nothing.

    OperationRefused: the system is not empty, or the target cannot be started.
    """
    refuse_unless_empty()
    progress(0, 0)
    try:
        with keeper.new_target() as new, change():
            # Once more, now that nobody else can write.
            refuse_unless_empty()
            return _load(new, actor, progress)
    except TargetFailed as failed:
        raise OperationRefused(str(failed)) from failed


def _load(new: NewTarget, actor: Actor, progress: Progress) -> Loaded:
    company = build_company(PEOPLE, divisions=FEW_DIVISIONS)
    total, done = len(company.people) + len(company.teams) + len(granted_groups(company)), 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    roster = found_company(company, actor, told)
    application = create_for_own_target(
        new.target,
        name=APPLICATION,
        mode="enforce",
        auth={"method": "bearer", "token": new.token},
        limits={"concurrency": CONNECTIONS},
        actor=actor,
    )
    grant(roster, application, actor, told)
    return Loaded(application_id=application.id, company=company)
