"""The external OpenID Connect provider that administrators may sign in with: its configuration, and what is linked to it.

An identity there is matched by issuer and subject to an account that was linked to it before, by that account itself, and
by nothing else: no e-mail address, name or other claim that somebody can change (CVE-2026-9092). Another issuer or client
is another provider, so what was linked to the former one opens nothing.
"""

import hashlib
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from provisor.access.accounts import in_turn
from provisor.access.models import Account, SignInProvider
from provisor.access.principals import of_account
from provisor.access.refusal import AccessRefusal, Kind
from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.scim.addresses import read_address
from provisor.scim.errors import ScimFailure
from provisor.vault.registry import TextColumn
from provisor.vault.sealing import binding, seal_text, unseal_text

_PLACE: Final = binding("access_sign_in_provider", 1, "secret")
#: What an exchange of keys wraps anew here.
SEALED: Final = TextColumn(
    name="secret of the sign-in provider",
    model=SignInProvider,
    place=lambda _row: _PLACE,
    get=lambda row: str(row.secret),
    put=lambda row, text: setattr(row, "secret", text),
    fields=("secret",),
)


def configured() -> SignInProvider | None:
    """The provider, whether it is switched on or not."""
    found: SignInProvider | None = SignInProvider.objects.filter(pk=1).first()
    return found


def offered() -> SignInProvider | None:
    """The provider, while it is switched on."""
    found = configured()
    return found if found and found.enabled else None


def secret_of(provider: SignInProvider) -> str:
    """The client secret, for the request that needs it. Raises VaultError."""
    return unseal_text(provider.secret, bound_to=_PLACE)


def provider_id(provider: SignInProvider) -> str:
    """What links are kept under: another issuer or client is another provider."""
    return hashlib.sha256(f"{provider.issuer}\n{provider.client_id}".encode()).hexdigest()[:32]


def configure(
    *, name: str, issuer: str, client_id: str, secret: str, enabled: bool, actor: Actor
) -> SignInProvider:
    """Set the provider up or change it. An empty secret keeps the stored one, unless the issuer changes (R17)."""
    checked = _issuer(issuer)
    with in_turn():
        before = configured()
        provider = before or SignInProvider(pk=1)
        keeps = before is not None and before.issuer == checked and bool(before.secret)
        if not secret and not keeps:
            reason = "Enter the client secret: it belongs to this issuer, and none is stored for it."
            raise AccessRefusal("secret", reason, Kind.INVALID)
        was = _said(before) if before else None
        provider.name, provider.issuer, provider.client_id = name.strip(), checked, client_id.strip()
        provider.enabled = enabled
        if secret:
            provider.secret = seal_text(secret, bound_to=_PLACE)
        provider.save()
        record(
            actor,
            "sign_in.provider_changed",
            before=was,
            after=_said(provider) | {"secret_changed": bool(secret)},
        )
    return provider


def link(account: Account, provider: SignInProvider, subject: str) -> None:
    """Link an identity of the provider to the account that has just proved to hold both."""
    with in_turn():
        found = SocialAccount.objects.filter(provider=provider_id(provider), uid=subject).first()
        if found is not None and found.user_id != account.pk:
            reason = "This identity is linked to another account already. It has to be unlinked there first."
            raise AccessRefusal("subject", reason, Kind.DUPLICATE)
        if found is None:
            SocialAccount.objects.create(
                user=account, provider=provider_id(provider), uid=subject, extra_data={}
            )
            _audit(account, "account.provider_linked", provider, subject)


def linked(account: Account) -> list[SocialAccount]:
    """What is linked to an account, former providers included."""
    return list(SocialAccount.objects.filter(user=account).order_by("pk"))


def unlink(account: Account) -> None:
    """End every link of an account. Whoever signs in with nothing else keeps them."""
    with transaction.atomic():
        found = linked(account)
        if found and not account.has_usable_password():
            reason = "You sign in with nothing else. Set a password first."
            raise AccessRefusal("account", reason, Kind.PROTECTED)
        SocialAccount.objects.filter(user=account).delete()
        for one in found:
            _audit(account, "account.provider_unlinked", None, one.uid)


def _issuer(text: str) -> str:
    """An issuer is an address without query; where it lives is judged like any target (R16)."""
    issuer = text.strip().rstrip("/")
    try:
        read_address(issuer, settings.PRIVATE_TARGETS)
    except ScimFailure as failure:
        raise AccessRefusal("issuer", failure.sentence, Kind.INVALID) from None
    if urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise AccessRefusal("issuer", "An issuer has no query and no fragment.", Kind.INVALID)
    return issuer


def _said(provider: SignInProvider) -> dict[str, Any]:
    return {
        "name": provider.name,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "enabled": provider.enabled,
    }


def _audit(account: Account, act: str, provider: SignInProvider | None, subject: str) -> None:
    said = {"subject": subject, **({"issuer": provider.issuer} if provider else {})}
    change = {"after": said} if provider else {"before": said}
    record(of_account(account).actor, act, subject_id=str(account.pk), subject_label=account.email, **change)
