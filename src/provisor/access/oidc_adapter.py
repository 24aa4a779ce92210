"""What django-allauth's OpenID Connect provider asks us: issuer, subject, claims, keys."""

from collections.abc import Iterable
from typing import Any, Literal

from allauth.core import context
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import Client, PrivateKey
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from provisor.access.models import Account
from provisor.access.relying_parties import relying_parties
from provisor.access.signing_keys import published, renew_if_old
from provisor.access.single_sign_on import may_have, remembered
from provisor.directory.queries import as_id


class Adapter(DefaultOIDCAdapter):  # type: ignore[misc]  # allauth has no types
    """The subject is the id of the directory user: it never changes, and an e-mail address does."""

    def get_issuer(self) -> str:
        """The public address, whatever host was asked."""
        return str(settings.PUBLIC_URL) or str(super().get_issuer())

    def get_user_sub(self, client: Client, user: AbstractBaseUser) -> str:  # noqa: ARG002 - allauth's form
        assert isinstance(user, Account)
        assert user.directory_user_id is not None
        return str(user.directory_user_id)

    def get_user_by_sub(self, client: Client, sub: str) -> Account | None:
        """The account of the person, while policies still give them the application."""
        user_id = as_id(sub)
        rows = Account.objects.select_related("directory_user").filter(directory_user_id=user_id)
        account: Account | None = rows.first() if user_id else None
        return account if may_have(account, client) else None

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],  # noqa: ARG002 - allauth's form
        user: AbstractBaseUser,
        client: Client,
        scopes: Iterable[str],  # noqa: ARG002 - what an application is told follows from its claims
        email: str | None = None,  # noqa: ARG002 - allauth's form
        **_: Any,
    ) -> dict[str, Any]:
        subject = self.get_user_sub(client, user)
        application_id = relying_parties().application_of(client.pk)
        user_id = as_id(subject)
        assert application_id is not None
        assert user_id is not None
        return {**relying_parties().claims(application_id, user_id), "sub": subject}

    def populate_id_token(
        self,
        id_token: dict[str, Any],
        client: Client,  # noqa: ARG002 - allauth's form
        scopes: Iterable[str],  # noqa: ARG002 - allauth's form
        **_: Any,
    ) -> None:
        """Say when and by what the person signed in, where the code still tells."""
        id_token.update(remembered(context.request.POST.get("code", "")))

    def list_private_keys(self, **asked: Any) -> list[PrivateKey]:
        """Ours instead of the settings': `asked` picks from them as the library does."""
        found: list[PrivateKey] = filter_keys(published(), **asked)
        return found

    def get_signing_key(self) -> PrivateKey:
        renew_if_old()
        key: PrivateKey = super().get_signing_key()
        return key
