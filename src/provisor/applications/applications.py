"""The services that create, change and delete applications; each write is one transaction (R18)."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from provisor.applications.capabilities import dialect_of
from provisor.applications.changes import difference, record_application, save_counted
from provisor.applications.configuration import FIELDS, check, laid_over, read_profile_id
from provisor.applications.connections import (
    check_networks,
    forget_client_certificate,
    networks_of,
    write_networks,
)
from provisor.applications.credentials import check_auth, distrust, secret_values, write_credential
from provisor.applications.documents import settings_document
from provisor.applications.lookup import live_applications, locked_application
from provisor.applications.loosening import refuse_loosening
from provisor.applications.models import Application
from provisor.applications.own_targets import OwnTarget, is_open
from provisor.applications.profiles import GENERIC
from provisor.applications.refusals import ConfigurationRefusal, Problems, RefusalKind
from provisor.applications.schemas import forget_schema
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.directory.names import fold
from provisor.identifiers import uuid7
from provisor.scim.addresses import PrivateTargets
from provisor.scim.authentication import METHODS
from provisor.scim.capabilities import resolve

_KNOWN: Final = (*FIELDS, "auth")
#: Given with a new application only; later it is an act of its own, for owners.
_KNOWN_AT_FIRST: Final = (*_KNOWN, "networks")
_REQUIRED: Final = ("name", "base_url")
#: Changes that alter the pace, or how people get in, and not what is sent.
_NOT_SENT: Final = frozenset({"limits", "brake", "drift", "launch_url"})


def create_application(*, actor: Actor, may_loosen: bool = False, **fields: Any) -> Application:
    """Create an application. `name` and `base_url` are needed; what is left out comes from the profile.

    Without `may_loosen` its brake lets no more through than the profile's.

    `auth` is `{method, ...values}`; without it the application has no credentials yet.
    Raises ConfigurationRefusal with everything that is wrong.
    """
    return _create(uuid7(), fields, actor=actor, may_loosen=may_loosen)


def create_for_own_target(target: OwnTarget, *, actor: Actor, **fields: Any) -> Application:
    """Create the application of a target that this process runs: its id and its base URL are those of the target.

    Else as `create_application`. Refused for a target that is not open here.
    """
    if not is_open(target.application_id, target.base_url):
        raise ConfigurationRefusal.of(
            RefusalKind.PROTECTED, "This process runs no target at that address.", "Start the target first."
        )
    given = {**fields, "base_url": target.base_url}
    return _create(target.application_id, given, actor=actor, known_url=target.base_url)


def _create(
    application_id: UUID,
    fields: Mapping[str, Any],
    *,
    actor: Actor,
    known_url: str | None = None,
    may_loosen: bool = False,
) -> Application:
    problems = Problems()
    _check_names(fields, problems, _KNOWN_AT_FIRST)
    networks = check_networks(fields.get("networks") or (), "/networks", problems)
    profile = read_profile_id(fields.get("profile", GENERIC), problems)
    settings = dict.fromkeys(_REQUIRED) | _settings(fields) | {"profile": profile.id}
    laid, dialect = laid_over(profile.defaults(), settings), resolve(profile.facts)
    document = check(laid, settings, dialect, problems, known_url=known_url, networks=networks)
    _check_auth(fields.get("auth"), METHODS, problems, networks)
    problems.refuse_if_any()
    refuse_loosening(
        {**profile.defaults(), "base_url": document["base_url"]}, document, actor, may_loosen=may_loosen
    )
    with change():
        now = timezone.now()
        method = (fields.get("auth") or {}).get("method", profile.auth_methods[0])
        application = Application(
            id=application_id, **document, auth_method=method, created_at=now, updated_at=now
        )
        _take_name(application)
        application.save(force_insert=True)
        write_networks(application, networks)
        _write_auth(application, fields.get("auth"))
        after = _shown(application) | ({"networks": [str(each) for each in networks]} if networks else {})
        record_application("application.created", application, actor=actor, after=after)
    return application


def update_application(
    application_id: UUID | str,
    changes: Mapping[str, Any],
    *,
    actor: Actor,
    version: int | None = None,
    may_loosen: bool = False,
) -> Application:
    """Change what `changes` names: objects member by member, lists and values as a whole.

    Without `may_loosen` a brake is not raised, and the base URL stays (ConfigurationRefusal: reserved).

    Another base URL clears the stored secrets, pauses the application and marks its links unverified;
    `paused_reason` says so. A change that changes nothing writes nothing.
    """
    with change():
        application = locked_application(application_id, version)
        before, was_paused = settings_document(application), application.paused
        problems = Problems()
        _check_names(changes, problems)
        settings = _settings(changes)
        if "profile" in settings:
            application.profile = settings["profile"] = read_profile_id(settings["profile"], problems).id
        laid, dialect = laid_over(before, settings), dialect_of(application)
        networks = networks_of(application.id)
        known = application.base_url
        document = check(laid, settings, dialect, problems, known_url=known, networks=networks)
        _check_auth(changes.get("auth"), (application.auth_method,), problems, networks)
        problems.refuse_if_any()
        refuse_loosening(before, document, actor, may_loosen=may_loosen)
        _apply(application, document, changes.get("auth"))
        old, new = difference(before, settings_document(application))
        new |= _credentials_word(application, changes.get("auth"), was_paused=was_paused)
        if old or new:
            _take_name(application)
            save_counted(application)
            plan_anew = bool(new.keys() - _NOT_SENT)
            record_application(
                "application.updated", application, actor=actor, before=old, after=new, plan_anew=plan_anew
            )
    return application


def delete_application(application_id: UUID | str, *, actor: Actor, version: int | None = None) -> None:
    """Delete an application here. Its accounts stay as they are over there, and its secrets are forgotten."""
    with change():
        application = locked_application(application_id, version)
        application.credentials.all().delete()
        forget_client_certificate(application)
        application.deleted_at = timezone.now()
        application.paused, application.paused_reason = True, "The application was deleted."
        save_counted(application)
        record_application(
            "application.deleted", application, actor=actor, before=_shown(application), plan_anew=False
        )


def pause(
    application_id: UUID | str, *, actor: Actor, reason: str = "", version: int | None = None
) -> Application:
    """Send nothing more to the application (R11). Pausing what is paused changes nothing."""
    with change():
        application = locked_application(application_id, version)
        if not application.paused:
            application.paused = True
            application.paused_reason = reason or f"{actor.label} paused it."
            save_counted(application)
            after = {"paused": True, "paused_reason": application.paused_reason}
            record_application("application.paused", application, actor=actor, after=after, plan_anew=False)
    return application


def resume(application_id: UUID | str, *, actor: Actor, version: int | None = None) -> Application:
    """Go on sending. Refused while there are no credentials. Links marked unverified are read back first."""
    with change():
        application = locked_application(application_id, version)
        if not application.credentials.exists():
            raise ConfigurationRefusal.of(
                RefusalKind.PROTECTED,
                f'"{application.name}" has no credentials, so nothing could be sent.',
                "Enter the credentials, test the connection, then resume.",
            )
        if application.paused:
            before = {"paused": True, "paused_reason": application.paused_reason}
            application.paused, application.paused_reason = False, ""
            save_counted(application)
            record_application(
                "application.resumed", application, actor=actor, before=before, after={"paused": False}
            )
    return application


def _check_names(fields: Mapping[str, Any], problems: Problems, known: Collection[str] = _KNOWN) -> None:
    for name in fields.keys() - set(known):
        problems.unknown_name("", name, tuple(known))


def _settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in FIELDS if name in fields}


def _check_auth(auth: object, bare: Collection[str], problems: Problems, networks: PrivateTargets) -> None:
    """Check the credentials, if any are given.

    A method without values is fine if it is one of `bare`: a new application may wait for its secrets, and a
    document that was read and is sent back names the method only.
    """
    is_bare = isinstance(auth, dict) and not secret_values(auth) and auth.get("method") in tuple(bare)
    if auth is not None and not is_bare:
        check_auth(auth, problems, networks)


def _write_auth(application: Application, auth: Mapping[str, Any] | None) -> None:
    if auth is not None and (values := secret_values(auth)):
        write_credential(application, auth["method"], values)


def _apply(application: Application, document: Mapping[str, Any], auth: Mapping[str, Any] | None) -> None:
    moved = document["base_url"] != application.base_url
    if moved:
        application.credentials.all().delete()
        forget_client_certificate(application)
        forget_schema(application.pk)
        distrust(
            application,
            f'The base URL was changed from "{application.base_url}" to "{document["base_url"]}", and the stored '
            "secrets were cleared.",
        )
    for name in FIELDS:
        setattr(application, name, document[name])
    _write_auth(application, auth)


def _credentials_word(
    application: Application, auth: Mapping[str, Any] | None, *, was_paused: bool
) -> dict[str, Any]:
    """What the audit says of credentials and of a pause that came with the change: never a value."""
    words: dict[str, Any] = {}
    if auth is not None and secret_values(auth):
        words["auth"] = {"method": auth["method"], "stored": True}
    if application.paused and not was_paused:
        words |= {"paused": True, "paused_reason": application.paused_reason, "unverified": True}
    return words


def _take_name(application: Application) -> None:
    """Refuse a name that another live application has. Writers take turns, so what is seen here stays true."""
    application.name_key = fold(application.name)
    if live_applications().filter(name_key=application.name_key).exclude(pk=application.pk).exists():
        raise ConfigurationRefusal.of(
            RefusalKind.DUPLICATE,
            f'There is an application "{application.name}" already.',
            "Choose another name; upper and lower case make no difference.",
            place="/name",
        )


def _shown(application: Application) -> dict[str, Any]:
    return {**settings_document(application), "auth": {"method": application.auth_method}}
