"""Which applications an account looks after, as the command line asks for them and tells them."""

from collections.abc import Sequence
from uuid import UUID

from provisor.cli.refusals import CommandRefusal


def bounds_of(role: str, named: Sequence[str], *, all_of_them: bool) -> list[UUID] | None:
    """None for all applications, else the ids of those that were named: without a name a bounded role looks after none."""
    from provisor.access.permissions import BOUNDABLE

    if all_of_them and named:
        raise CommandRefusal("Say either --all-applications or --application, not both.")
    if all_of_them or (role not in BOUNDABLE and not named):
        return None
    return [found_id(one) for one in named]


def found_id(text: str) -> UUID:
    """The id of the live application with this id or name."""
    from provisor.applications.lookup import find_application

    return find_application(text).id


def words_of(applications: Sequence[str] | None) -> str:
    """Names of applications, or that it is all or none of them."""
    from provisor.applications.lookup import live_applications

    if applications is None:
        return "all applications"
    names = (
        live_applications().filter(pk__in=applications).order_by("name_key").values_list("name", flat=True)
    )
    return ", ".join(names) or "no application"
