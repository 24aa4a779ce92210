"""The services for single sign-on of an application: its client, its secret, its claims. Each with its audit entry."""

import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from allauth.idp.oidc.models import Client, Token
from django.utils import timezone

from provisor.applications.changes import difference, record_application, save_counted
from provisor.applications.lookup import as_id, live_applications, locked_application
from provisor.applications.models import Application, SingleSignOn
from provisor.applications.redirects import read_redirects
from provisor.applications.refusals import ConfigurationRefusal, Problems, RefusalKind, pointer
from provisor.applications.scoping import declared, document_of
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.directory.models import User
from provisor.directory.queries import effective_groups
from provisor.mapping.claims import DEFAULT_CLAIMS, read_claims, render_claims
from provisor.mapping.problems import MappingRefused

#: Scopes that an application may ask for; what it is told follows from its claims, not from these.
SCOPES: Final = ("openid", "profile", "email", "groups")
_GRANTS: Final = (Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN)
_KNOWN: Final = ("redirect_uris", "claims")
#: A mark by which scanners find a secret that leaked.
_SECRET_MARK: Final = "prvs_"  # noqa: S105 - what a secret begins with


def find(application_id: UUID | str) -> SingleSignOn | None:
    """How this live application signs people in; None when it does not."""
    rows = SingleSignOn.objects.select_related("client", "application")
    return rows.filter(application_id=as_id(application_id), application__deleted_at__isnull=True).first()


def document(found: SingleSignOn) -> dict[str, Any]:
    """What may be shown of it: never the secret."""
    return {
        "client_id": found.client.id,
        "redirect_uris": found.client.get_redirect_uris(),
        "claims": found.claims,
        "secret_at": found.secret_at.isoformat(),
    }


def configure(
    application_id: UUID | str, changes: Mapping[str, Any], *, actor: Actor
) -> tuple[SingleSignOn, str | None]:
    """Switch single sign-on on, or change what `changes` names. The secret is returned once, when it is new.

    `redirect_uris` are needed at first; `claims` are the usual ones unless given. Raises ConfigurationRefusal.
    """
    with change():
        application = locked_application(application_id, None)
        found = find(application.pk)
        problems = Problems()
        values = _checked(changes, problems, first=found is None)
        problems.refuse_if_any()
        before = _shown(found) if found else {}
        row, secret = (found, None) if found else _made(application)
        row.client.set_redirect_uris(values.get("redirect_uris", row.client.get_redirect_uris()))
        row.client.name = application.name[:100]
        row.client.save()
        row.claims = values.get("claims", row.claims)
        row.save()
        _record(application, before, _shown(row), actor)
    return row, secret


def renew_secret(application_id: UUID | str, *, actor: Actor) -> tuple[SingleSignOn, str]:
    """Give the application another secret; the old one ends at once. The new one is returned this once."""
    with change():
        application = locked_application(application_id, None)
        found = _found(application)
        secret = _new_secret(found)
        found.client.save()
        found.save()
        save_counted(application)
        record_application("application.client_secret_renewed", application, actor=actor, plan_anew=False)
    return found, secret


def remove(application_id: UUID | str, *, actor: Actor) -> None:
    """Switch single sign-on off: the client and all its tokens end."""
    with change():
        application = locked_application(application_id, None)
        found = _found(application)
        before = _shown(found)
        found.client.delete()
        _record(application, before, {}, actor)


def application_of_client(client_id: str) -> Application | None:
    """The live application that this client belongs to."""
    rows = live_applications().filter(single_sign_on__client_id=client_id)
    return rows.select_related("single_sign_on").first()


def claims_about(application: Application, user: User) -> dict[str, Any]:
    """What this application is told of a person, besides who they are."""
    rules = application.single_sign_on.claims
    groups = effective_groups(user.pk).filter(is_everyone=False).order_by("display_name_key")
    names = list(groups.values_list("display_name", flat=True)) if _names_groups(rules) else []
    return render_claims(rules, document_of(user), groups=names, application_name=application.name)


def end_tokens(client_id: str, account_id: UUID) -> int:
    """End every token that the client has of this account. How many there were."""
    return int(Token.objects.filter(client_id=client_id, user_id=account_id).delete()[0])


def _names_groups(rules: list[dict[str, Any]]) -> bool:
    return any(rule.get("kind") == "groups" for rule in rules)


def _checked(changes: Mapping[str, Any], problems: Problems, *, first: bool) -> dict[str, Any]:
    for name in changes.keys() - set(_KNOWN):
        problems.unknown_name("", name, _KNOWN)
    values: dict[str, Any] = {}
    if first or "redirect_uris" in changes:
        values["redirect_uris"] = read_redirects(changes.get("redirect_uris"), "/redirect_uris", problems)
    if first or "claims" in changes:
        given = changes.get("claims", [dict(each) for each in DEFAULT_CLAIMS])
        values["claims"] = _claims(given, problems)
    return values


def _claims(given: object, problems: Problems) -> list[dict[str, Any]]:
    try:
        return read_claims(given, declared())
    except MappingRefused as refused:
        for problem in refused.problems:
            steps = problem.place.replace("[", ".").replace("]", "").split(".")
            problems.add(pointer("", *steps), problem.reason, problem.hint)
        return []


def _made(application: Application) -> tuple[SingleSignOn, str]:
    client = Client(name=application.name[:100], type=Client.Type.CONFIDENTIAL, skip_consent=True)
    client.set_scopes(list(SCOPES))
    client.set_default_scopes(["openid"])
    client.set_grant_types(list(_GRANTS))
    client.set_response_types([Client.ResponseType.CODE])
    row = SingleSignOn(application=application, client=client)
    return row, _new_secret(row)


def _new_secret(row: SingleSignOn) -> str:
    secret = _SECRET_MARK + secrets.token_urlsafe(32)
    row.client.set_secret(secret)
    row.secret_at = timezone.now()
    return secret


def _shown(row: SingleSignOn) -> dict[str, Any]:
    return {name: value for name, value in document(row).items() if name != "secret_at"}


def _record(
    application: Application, before: Mapping[str, Any], after: Mapping[str, Any], actor: Actor
) -> None:
    names = {*before, *after}
    old, new = difference({n: before.get(n) for n in names}, {n: after.get(n) for n in names})
    if new:
        save_counted(application)
        record_application(
            "application.single_sign_on_changed",
            application,
            actor=actor,
            before=old,
            after=new,
            plan_anew=False,
        )


def _found(application: Application) -> SingleSignOn:
    found = find(application.pk)
    if found is None:
        reason = f'"{application.name}" has no single sign-on.'
        raise ConfigurationRefusal.of(RefusalKind.MISSING, reason, "Switch it on first.")
    return found
