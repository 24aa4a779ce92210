"""Finding what is there: live applications and policies, by id, by name, and locked for a change."""

from uuid import UUID

from django.db.models import QuerySet

from provisor.applications.models import Application, Policy
from provisor.applications.refusals import ConfigurationRefusal, RefusalKind
from provisor.directory.names import fold
from provisor.mapping.problems import did_you_mean


def live_applications() -> QuerySet[Application]:
    return Application.objects.filter(deleted_at__isnull=True)


def live_policies() -> QuerySet[Policy]:
    """Policies that grant something now: neither their application nor their group is deleted."""
    return Policy.objects.filter(application__deleted_at__isnull=True, group__deleted_at__isnull=True)


def find_application(text: str) -> Application:
    """The live application with this id or name. ConfigurationRefusal (missing) names the nearest one."""
    by_id = live_applications().filter(pk=as_id(text)).first()
    found = by_id or live_applications().filter(name_key=fold(text)).first()
    if found is None:
        names = list(live_applications().order_by("name").values_list("name", flat=True)[:1000])
        raise ConfigurationRefusal.of(
            RefusalKind.MISSING,
            f'There is no application "{text}".',
            did_you_mean(text, names, "Look at the list of applications."),
        )
    return found


def locked_application(application_id: UUID | str, version: int | None) -> Application:
    """The live application, locked until the transaction ends; `version` is what the caller has seen (`If-Match`)."""
    found = live_applications().select_for_update().filter(pk=as_id(application_id)).first()
    if found is None:
        raise ConfigurationRefusal.of(
            RefusalKind.MISSING, f'There is no application "{application_id}".', "It may have been deleted."
        )
    check_version(found.version, version, found.name)
    return found


def locked_policy(policy_id: UUID | str, version: int | None) -> Policy:
    """The policy, locked until the transaction ends, with its application and group."""
    query = live_policies().select_for_update(of=("self",)).select_related("application", "group")
    found = query.filter(pk=as_id(policy_id)).first()
    if found is None:
        raise ConfigurationRefusal.of(
            RefusalKind.MISSING, f'There is no policy "{policy_id}".', "It may have been deleted."
        )
    check_version(found.version, version, found.name)
    return found


def check_version(current: int, seen: int | None, name: str) -> None:
    if seen is not None and seen != current:
        raise ConfigurationRefusal.of(
            RefusalKind.CONFLICT,
            f'"{name}" was changed by somebody else: you have seen version {seen}, and it is {current} now.',
            "Load it again, look at what has changed, and make your change anew.",
        )


def as_id(text: object) -> UUID:
    """The UUID; for whatever is none the nil UUID (RFC 9562, section 5.9), which no row has."""
    try:
        return text if isinstance(text, UUID) else UUID(str(text))
    except ValueError:
        return UUID(int=0)
