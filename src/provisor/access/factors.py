"""Second factors and passkeys at rest and in the record: what django-allauth's MFA asks us.

The secret of an authenticator app and the seed of recovery codes are sealed for the account that they belong to (R17).
Each addition and removal is audited in its own transaction (R18), whichever page or command does it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Final

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.access.rules import second_factor_required
from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.vault.registry import TextColumn
from provisor.vault.sealing import binding, seal_text, unseal_text

_TABLE: Final = "mfa_authenticator"
#: Where allauth keeps a sealed text in `Authenticator.data`: of an app, and of recovery codes.
SEALED_NAMES: Final = ("secret", "seed")
_LOCAL: Final = "localhost"
_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets sealed for their account, and passkeys for the public address only."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": gettext_lazy(
            "This is your last second factor, and administrators must have one. Add another one first."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Seal for the account that sets the factor up: it is the one that has signed in."""
        account = context.request.user
        assert isinstance(account, Account)
        return seal_text(text, bound_to=_place(account.pk))

    def decrypt(self, encrypted_text: str) -> str:
        """Open what lies in the row of its account; a text of any other origin is refused. Raises VaultError."""
        assert isinstance(encrypted_text, _Held)
        return unseal_text(encrypted_text, bound_to=_place(encrypted_text.account_id))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party is the host of the public address, whatever host was asked."""
        return {"id": relying_party(context.request), "name": "Provisor"}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last factor stays while administrators must have one."""
        kinds = Authenticator.Type
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return others.exclude(type=kinds.RECOVERY_CODES).exists() or not second_factor_required()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:  # noqa: A002 - allauth's form
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}


def origin_of(request: HttpRequest) -> str:
    """The one origin that a passkey may be used on: the public address, else the one that was asked."""
    return str(settings.PUBLIC_URL) or f"{request.scheme}://{request.get_host()}"


def relying_party(request: HttpRequest) -> str:
    """The host of that origin."""
    return origin_of(request).partition("://")[2].partition(":")[0]


def passkeys_work(request: HttpRequest) -> bool:
    """Whether browsers allow WebAuthn there: on https, or on localhost, and never on a bare IP address."""
    host, origin = relying_party(request), origin_of(request)
    named = not host.replace(".", "").isdigit() and not host.startswith("[")
    return host == _LOCAL or (origin.startswith("https://") and named)


class _Held(str):
    """A sealed text that knows in whose row it lies: allauth hands over the text alone."""

    __slots__ = ("account_id",)
    account_id: object


def know_the_account(sender: object, instance: Authenticator, **_kwargs: Any) -> None:  # noqa: ARG001 - a signal's form
    """Mark sealed texts with the account of their row. Receiver of Django's `post_init`."""
    for name in SEALED_NAMES:
        if isinstance(instance.data, dict) and isinstance(instance.data.get(name), str):
            held = _Held(instance.data[name])
            held.account_id = instance.user_id
            instance.data[name] = held


def note_addition(sender: object, instance: Authenticator, **kwargs: Any) -> None:  # noqa: ARG001 - a signal's form
    """Audit a new factor. Receiver of Django's `pre_save`: outside a transaction nothing is saved."""
    if instance.pk is None:
        _note(instance, "account.factor_added")


def note_renaming(sender: object, instance: Authenticator, **kwargs: Any) -> None:  # noqa: ARG001 - a signal's form
    """Audit another name of a passkey. Receiver of Django's `pre_save`, which uses of a factor send as well."""
    if instance.pk is None or instance.type != Authenticator.Type.WEBAUTHN:
        return
    before = _name(Authenticator.objects.get(pk=instance.pk))
    if before != _name(instance):
        _note(instance, "account.factor_renamed", before=before)


def note_removal(sender: object, instance: Authenticator, **kwargs: Any) -> None:  # noqa: ARG001 - a signal's form
    """Audit the end of a factor. Receiver of Django's `pre_delete`."""
    _note(instance, "account.factor_removed")


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Factors that change inside are changed by this actor, and not by their own account."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def remove_all(account: Account, actor: Actor) -> int:
    """Remove every factor of an account, for a person who has lost them; in the caller's transaction. How many."""
    with acting_as(actor):
        found = list(Authenticator.objects.filter(user_id=account.pk))
        for factor in found:
            factor.delete()
    return len(found)


def _place(account_id: object) -> str:
    return binding(_TABLE, account_id, "secret")


def _sealed_column(people_call_it: str, name: str) -> TextColumn:
    def put(row: Authenticator, text: str) -> None:
        row.data[name] = text

    return TextColumn(
        name=people_call_it,
        model=Authenticator,
        place=lambda row: _place(row.user_id),
        get=lambda row: str(row.data.get(name, "")),
        put=put,
        fields=("data",),
    )


#: What an exchange of keys wraps anew here.
SEALED: Final = (
    _sealed_column("secrets of authenticator apps", "secret"),
    _sealed_column("recovery codes", "seed"),
)


def _note(factor: Authenticator, act: str, *, before: Mapping[str, str] | None = None) -> None:
    assert connection.in_atomic_block, "A factor changes in a transaction, with its audit entry."
    account = Account.objects.get(pk=factor.user_id)
    said = {"factor": str(factor.type), **_name(factor)}
    change: dict[str, Any] = {"before": said} if act == "account.factor_removed" else {"after": said}
    if before is not None:
        change["before"] = before
    actor = _acting.get() or of_account(account).actor
    record(actor, act, subject_id=str(account.pk), subject_label=account.email, **change)


def _name(factor: Authenticator) -> dict[str, str]:
    name = factor.data.get("name") if factor.type == Authenticator.Type.WEBAUTHN else None
    return {"name": name} if name else {}
