"""What the portal says of methods and of accounts, to people who administer nothing."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access.methods import Method

METHODS: Final[Mapping[Method, Promise]] = {
    Method.PASSWORD: gettext_lazy("password"),
    Method.PASSKEY: gettext_lazy("passkey"),
    Method.EMAIL_CODE: gettext_lazy("code by e-mail"),
    Method.MAGIC_LINK: gettext_lazy("link by e-mail"),
    Method.TOTP: gettext_lazy("one-time code of your authenticator app"),
    Method.RECOVERY_CODE: gettext_lazy("recovery code"),
    Method.PROVIDER: gettext_lazy("another sign-in provider"),
}
#: Name of the pill, and what it means for the person.
_READY, _COMING, _STUCK = (
    ("in_sync", gettext_lazy("Your account is ready.")),
    ("due", gettext_lazy("Your account is being prepared.")),
    ("waiting", gettext_lazy("Your account is not ready. Your administrators can see why.")),
)
_ACCOUNTS: Final[Mapping[str, tuple[str, Promise]]] = {"in_sync": _READY, "due": _COMING, "": _COMING}


def account_state(link_state: str) -> tuple[str, str]:
    """The pill and the sentence for the state of a link; "" is for one that is not there yet."""
    pill, sentence = _ACCOUNTS.get(link_state, _STUCK)
    return pill, str(sentence)


def methods_in_words(methods: Iterable[str]) -> str:
    """Say by what somebody signed in: `password and passkey`."""
    known = {str(method): str(words) for method, words in METHODS.items()}
    words = [known.get(method, method) for method in methods]
    return _(" and ").join(words)
