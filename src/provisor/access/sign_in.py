"""Sign-in: what django-allauth asks us, answered by the rules of this room."""

from datetime import timedelta
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from provisor.access import known_browsers, letters, lockout
from provisor.access.ending import began_before_the_end
from provisor.access.methods import BY_MAIL, proved, read
from provisor.access.models import Account
from provisor.access.portal_accounts import owns_its_mailbox
from provisor.access.principals import of_account
from provisor.access.rules import lacks_second_factor
from provisor.access.session_store import SessionStore
from provisor.audit.actor import SYSTEM
from provisor.audit.record import record

#: In a session whose account has to add a second factor before anything else.
SECOND_FACTOR_DUE = "second_factor_due"


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
        if not (isinstance(user, Account) and user.may_sign_in() and _is_theirs(request, user)) or _is_over(
            request, user
        ):
            clear_login(request)
            return cast("HttpResponse", self.respond_user_inactive(request, user))
        return cast("HttpResponse | None", super().pre_login(request, user, **login))

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Let in, unless the account was disabled since its first factor; and audit by which methods."""
        assert isinstance(user, Account)
        user.refresh_from_db()
        if not user.may_sign_in() or _is_over(request, user):
            clear_login(request)
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        SessionStore.clear_expired()
        lockout.forget_old()
        methods = read(get_authentication_records(request, user)).methods
        with transaction.atomic():
            super().login(request, user)
            request.session[SECOND_FACTOR_DUE] = lacks_second_factor(user, methods)
            _audit(user, "account.signed_in", after={"methods": sorted(methods)})

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **login: Any) -> HttpResponse:
        assert isinstance(user, Account)
        response: HttpResponse = super().post_login(request, user, **login)
        known_browsers.remember(request, response, user.email)
        return response

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before the password is looked at; a passkey, a code and a link do not come here."""
        super().pre_authenticate(request, **credentials)
        email = str(credentials.get("email", ""))
        try:
            self._try = lockout.begin(email, known_browsers.source_of(request, email))
        except lockout.MustWaitError as wait:
            raise ValidationError(must_wait_sentence(wait)) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Account | None:
        user: Account | None = super().authenticate(request, **credentials)
        if user is not None:
            lockout.succeeded(self._try)
        return user

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002 - allauth's form
        """Ask again, unless the person has just signed in: that proves as much."""
        timeout = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
        return not proved(context.request).since(timezone.now() - timeout).at

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        """Letters go into the outbox: the page is answered as fast as if there were nobody to write to."""
        letter: EmailMessage = super().render_mail(*args, **kwargs)
        letter.connection = letters.Outbox()
        return letter

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """After the act is committed: an act that is taken back is told to nobody."""
        send, request = super().send_notification_mail, self.request or context.request

        def later() -> None:
            with context.request_context(request):
                send(*args, **kwargs)

        transaction.on_commit(later, robust=True)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002 - allauth's form
        """Audit a wrong password of an account that exists; what strangers type is not written down."""
        account = Account.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        if account is not None:
            note_refused(account, self._try)

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


def note_refused(account: Account, tried: lockout.Try) -> None:
    """Audit a wrong password or code, and that a wait begins with it."""
    named = {"subject_id": str(account.id), "subject_label": account.email}
    with transaction.atomic():
        record(SYSTEM, "account.sign_in_refused", **named)
        if tried.last_free:
            record(SYSTEM, "account.locked_out", **named)


def must_wait_sentence(wait: lockout.MustWaitError) -> str:
    """What the person reads who has to wait."""
    said = ngettext(
        "Too many wrong tries. Try again in %(n)d minute, or sign in with a passkey.",
        "Too many wrong tries. Try again in %(n)d minutes, or sign in with a passkey.",
        wait.minutes,
    )
    return said % {"n": wait.minutes}


def _is_theirs(request: HttpRequest, account: Account) -> bool:
    """Whether what was proved is the person's: a mailbox that the directory gives to another by now proves nothing."""
    methods = read(get_authentication_records(request, account)).methods
    return bool(methods - BY_MAIL) or not methods or owns_its_mailbox(account)


def _is_over(request: HttpRequest, account: Account) -> bool:
    """Whether the sign-in began before the account was disabled, and goes on after it was enabled again."""
    return began_before_the_end(request, account, read(get_authentication_records(request, account)))


def _audit(user: AbstractBaseUser, act: str, **change: Any) -> None:
    assert isinstance(user, Account)
    record(of_account(user).actor, act, subject_id=str(user.id), subject_label=user.email, **change)
