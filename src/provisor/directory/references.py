"""What a user's document says about other users: a name that is free, a manager who exists."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from provisor.directory.documents import manager_value
from provisor.directory.models import User
from provisor.directory.queries import as_id, users
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.statements import batches
from provisor.directory.values import shown
from provisor.scim.schemas import ENTERPRISE_SCHEMA

MANAGER = f"{ENTERPRISE_SCHEMA}:manager.value"


def refuse_taken_user_name(user: User) -> None:
    """Raise `DirectoryRefusal` (duplicate) if another user has the same name, compared as `names.fold` does."""
    taken = (
        users()
        .filter(user_name_key=user.user_name_key)
        .exclude(id=user.id)
        .values_list("user_name", flat=True)
    )
    holder = taken.first()
    if holder is not None:
        raise name_is_taken(user.user_name, holder)


def name_is_taken(user_name: str, holder: str) -> DirectoryRefusal:
    """Return the refusal for a user name that `holder` has, perhaps in another spelling."""
    also = "" if user_name == holder else f" (as {shown(holder)}: case and width of letters do not count)"
    reason = f"The user name {shown(user_name)} belongs to another user{also}. Choose another, or change that user."
    return DirectoryRefusal("userName", reason, RefusalKind.DUPLICATE)


def manager_of(document: dict[str, Any], user_id: UUID, known: Iterable[UUID] | None = None) -> UUID | None:
    """Return the manager whom the document names, with the reference in canonical form.

    `known` are the users who exist, when the caller has looked that up; else the directory is asked. Raises
    `DirectoryRefusal`: the manager is nobody's id, or the user themself.
    """
    value = manager_value(document)
    if not value:
        return None
    manager_id = as_id(value)
    if manager_id is None or not _exists(manager_id, known):
        raise DirectoryRefusal(
            MANAGER,
            f"The manager {shown(value)} is not the id of a user in the directory. Give that user's id.",
        )
    if manager_id == user_id:
        raise DirectoryRefusal(MANAGER, "A user cannot be their own manager. Leave the manager empty.")
    document[ENTERPRISE_SCHEMA]["manager"] = {"value": str(manager_id)}
    return manager_id


def _exists(manager_id: UUID, known: Iterable[UUID] | None) -> bool:
    return users().filter(id=manager_id).exists() if known is None else manager_id in known


def existing_managers(documents: Iterable[dict[str, Any]]) -> set[UUID]:
    """Return which of the managers named by the documents are users of the directory."""
    wanted = {as_id(manager_value(document)) for document in documents} - {None}
    ids = [one for one in wanted if one is not None]
    return {
        found for some in batches(ids) for found in users().filter(id__in=some).values_list("id", flat=True)
    }
