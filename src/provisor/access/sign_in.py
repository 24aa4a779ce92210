"""Sign-in with e-mail and password: what django-allauth asks us, answered by the rules of this room."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.access.session_store import SessionStore
from provisor.audit.actor import SYSTEM
from provisor.audit.record import record


class SignIn(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """The one authentication backend. Django asks `get_user` at each request that has a session."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return isinstance(user, Account) and user.may_sign_in()

    def get_user(self, user_id: Any) -> Account | None:
        account = Account.objects.select_related("directory_user").filter(pk=user_id).first()
        return account if self.user_can_authenticate(account) else None


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-up is closed; sign-ins, refused ones and changes of the password are audited (R18)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's form
        return False

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **login: Any) -> HttpResponse | None:
        """Turn away a disabled account, and one whose directory user is; only its right password tells."""
        if not (isinstance(user, Account) and user.may_sign_in()):
            clear_login(request)
            return cast("HttpResponse", self.respond_user_inactive(request, user))
        return cast("HttpResponse | None", super().pre_login(request, user, **login))

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        SessionStore.clear_expired()
        with transaction.atomic():
            super().login(request, user)
            _audit(user, "account.signed_in")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002 - allauth's form
        """Audit a wrong password of an account that exists; what strangers type is not written down."""
        account = Account.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        if account is not None:
            with transaction.atomic():
                act = "account.sign_in_refused"
                record(SYSTEM, act, subject_id=str(account.id), subject_label=account.email)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        with transaction.atomic():
            user.set_password(password)
            user.save(update_fields=["password"])
            _audit(user, "account.password_changed")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build the link on the public address where one is set, whatever host was asked."""
        if not settings.PUBLIC_URL:
            return str(super().get_reset_password_from_key_url(key))
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.PUBLIC_URL}{path}"


def _audit(user: AbstractBaseUser, act: str) -> None:
    assert isinstance(user, Account)
    record(of_account(user).actor, act, subject_id=str(user.id), subject_label=user.email)
