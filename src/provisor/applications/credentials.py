"""Credentials: written and never read back by a person, sealed for their row, two of them for a rotation (R17)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from provisor.applications import shapes
from provisor.applications.addresses import read_address
from provisor.applications.changes import record_application, save_counted
from provisor.applications.connections import NOTHING_SPECIAL, Way, networks_of, open_way
from provisor.applications.lookup import locked_application
from provisor.applications.models import Application, Credential
from provisor.applications.refusals import ConfigurationRefusal, Problems, RefusalKind, pointer
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.mapping.problems import did_you_mean
from provisor.scim.addresses import PrivateTargets
from provisor.scim.authentication import METHODS, check_values
from provisor.vault import sealing
from provisor.vault.registry import KeyedColumn

PRIMARY: Final = Credential.Slot.PRIMARY.value
SECONDARY: Final = Credential.Slot.SECONDARY.value


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCredential:
    """A credential in the clear, for `scim.authentication.build`. Its values show in no representation.

    `application_id` is whose stored one it is; None for one that was only typed. `way` is how to connect with it.
    """

    method: str
    values: Mapping[str, Any] = field(repr=False)
    application_id: UUID | None = None
    way: Way = NOTHING_SPECIAL


def store_credential(
    application_id: UUID | str,
    method: str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    slot: str = PRIMARY,
    version: int | None = None,
) -> Application:
    """Store a credential, in place of the one in its slot. All values are given at once; none is taken over.

    Another token address clears the other slot, pauses, and marks all links unverified, as another base URL does.
    ConfigurationRefusal: the method or the values cannot be used; no value of a secret is in it.
    """
    with change():
        application = locked_application(application_id, version)
        problems = Problems()
        shapes.Choice((PRIMARY, SECONDARY)).check(slot, "/slot", problems)
        check_auth({**values, "method": method}, problems, networks_of(application.id))
        problems.refuse_if_any()
        write_credential(application, method, values, slot=slot)
        save_counted(application)
        record_application(
            "application.credential_stored", application, actor=actor, after={"slot": slot, "method": method}
        )
    return application


def open_credential(application_id: UUID | str, slot: str = PRIMARY) -> OpenCredential | None:
    """The credential in the clear, or None when the slot is empty. VaultError says why it does not open."""
    stored = Credential.objects.filter(application_id=application_id, slot=slot).first()
    return open_row(stored) if stored else None


def has_credential(application_id: UUID | str, slot: str = PRIMARY) -> bool:
    return Credential.objects.filter(application_id=application_id, slot=slot).exists()


def promote_credential(
    application_id: UUID | str, *, actor: Actor, version: int | None = None
) -> Application:
    """Put the second credential in place of the first: the end of a rotation. Refused when there is no second."""
    with change():
        application = locked_application(application_id, version)
        second = open_credential(application.id, SECONDARY)
        if second is None:
            raise ConfigurationRefusal.of(
                RefusalKind.PROTECTED, "There is no second credential.", "Store one first."
            )
        write_credential(application, second.method, second.values)
        application.credentials.filter(slot=SECONDARY).delete()
        save_counted(application)
        record_application("application.credential_promoted", application, actor=actor)
    return application


def clear_credential(
    application_id: UUID | str, slot: str, *, actor: Actor, version: int | None = None
) -> Application:
    """Forget the credential of one slot."""
    with change():
        application = locked_application(application_id, version)
        if application.credentials.filter(slot=slot).delete()[0]:
            save_counted(application)
            record_application(
                "application.credential_cleared",
                application,
                actor=actor,
                before={"slot": slot},
                plan_anew=False,
            )
    return application


def check_auth(auth: object, problems: Problems, networks: PrivateTargets = ()) -> None:
    """Check `{method, ...values}` as the interfaces take it. Reasons name fields, never the values of secrets."""
    if not isinstance(auth, dict) or not isinstance(auth.get("method"), str):
        problems.add("/auth", "The method of authentication is missing.", f"Known are: {', '.join(METHODS)}.")
        return
    values = secret_values(auth)
    if auth["method"] not in METHODS:
        hint = did_you_mean(auth["method"], METHODS, f"Known are: {', '.join(METHODS)}.")
        problems.add("/auth/method", f'There is no authentication method "{auth["method"]}".', hint)
        return
    not_text = [name for name, value in values.items() if not isinstance(value, str)]
    for name in not_text:
        problems.add(pointer("/auth", name), "This is not a text.", "Give the value as a text.")
    sentences = [] if not_text else check_values(auth["method"], values)
    for sentence in sentences:
        problems.add("/auth", sentence)
    if not (not_text or sentences) and "token_url" in values:
        read_address(values["token_url"], "/auth/token_url", problems, networks)


def secret_values(auth: Mapping[str, Any]) -> dict[str, Any]:
    """What `auth` holds besides the method, and besides `stored`, which is only ever shown."""
    return {name: value for name, value in auth.items() if name not in {"method", "stored"}}


def write_credential(
    application: Application, method: str, values: Mapping[str, Any], *, slot: str = PRIMARY
) -> None:
    """Seal and store within a transaction of the caller, who counts the version and records the act."""
    if _token_address_changes(application, values):
        application.credentials.exclude(slot=slot).delete()
        distrust(application, "The address that tokens are asked from was changed.")
    application.credentials.filter(slot=slot).delete()
    credential = Credential(application=application, slot=slot, created_at=timezone.now())
    plain = json.dumps({"method": method, "values": dict(values)}).encode()
    credential.key_id, credential.sealed = sealing.seal(plain, bound_to=place_of(credential))
    credential.save()
    if slot == PRIMARY:
        application.auth_method = method


def distrust(application: Application, reason: str) -> None:
    """Pause, and have every link read back before its first write: ids of another tenant may collide."""
    application.paused = True
    application.unverified = True
    application.paused_reason = (
        f"{reason} Nothing is sent until you have tested the connection and resumed; each account is then read "
        "back before it is written to."
    )


def _token_address_changes(application: Application, values: Mapping[str, Any]) -> bool:
    """Whether another token address was in use; a credential that does not open any more counts as another."""
    for stored in application.credentials.all():
        try:
            if open_row(stored).values.get("token_url") not in {None, values.get("token_url")}:
                return True
        except sealing.VaultError:
            return "token_url" in values
    return False


def open_row(stored: Credential) -> OpenCredential:
    """One credential in the clear. VaultError says why it does not open."""
    plain = json.loads(sealing.unseal(stored.key_id, bytes(stored.sealed), bound_to=place_of(stored)))
    return OpenCredential(
        method=plain["method"],
        values=plain["values"],
        application_id=stored.application_id,
        way=open_way(stored.application_id),
    )


def place_of(credential: Credential) -> str:
    """Where the secret belongs: this row, this application, this slot."""
    return sealing.binding(
        "applications_credential", credential.pk, f"{credential.application_id}/{credential.slot}"
    )


#: What an exchange of keys wraps anew here.
SEALED: Final = KeyedColumn(name="credentials of applications", model=Credential, place=place_of)
