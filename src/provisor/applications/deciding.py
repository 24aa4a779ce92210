"""Which policy decides how a person signs in to an application, for whom policies bring there at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from provisor.applications.exclusions import excluded_by
from provisor.applications.granting import Grant, policies_of_user, strongest
from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.applications.scoping import document_of
from provisor.directory.models import User


@dataclass(frozen=True, slots=True)
class Decision:
    """One application of a person, with the policy that says how they sign in."""

    application: Application
    grant: Grant


def decisions(user_id: UUID, application_id: UUID | None = None) -> list[Decision]:
    """Every application that policies give this person, or the one that is asked for; by name.

    Nobody who is disabled or deleted has any, and none is given to whom the application's exclusions protect: they
    are left alone there. Four queries, however many policies there are.
    """
    user = User.objects.filter(pk=user_id, active=True, deleted_at__isnull=True).first()
    return (
        [] if user is None else sorted(_of(user, application_id), key=lambda each: each.application.name_key)
    )


def _of(user: User, application_id: UUID | None) -> Iterator[Decision]:
    granted: dict[UUID, list[Grant]] = {}
    for grant in policies_of_user(user.pk):
        if application_id in {None, grant.application_id}:
            granted.setdefault(grant.application_id, []).append(grant)
    document = document_of(user)
    for application in live_applications().filter(pk__in=list(granted)):
        decides = strongest(granted[application.pk])
        if decides is not None and not excluded_by(application.exclusions)(document):
            yield Decision(application, decides)
