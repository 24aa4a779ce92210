"""What a session has proved of the person in it: by which methods, when, and how strong that is together.

django-allauth keeps a record in the session for each method that was used, at sign-in and at each later proof. They are
read here and nowhere else, so that sign-in, step-up for policies and the list of sessions speak of the same thing.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest


class Method(StrEnum):
    """One way to prove who one is."""

    PASSWORD = "password"  # noqa: S105 - the name of a method
    #: WebAuthn with user verification (PIN or biometric): the device and the person at once.
    PASSKEY = "passkey"
    #: A code that was sent to the account's e-mail address.
    EMAIL_CODE = "email-code"
    #: A link that was sent to the account's e-mail address.
    MAGIC_LINK = "magic-link"
    #: A code of an authenticator app (RFC 6238).
    TOTP = "totp"
    #: A recovery code, which stands in for a lost second factor.
    RECOVERY_CODE = "recovery-code"
    #: An external OpenID Connect provider said who it is; how it knows is not known here.
    PROVIDER = "provider"


#: Methods that begin a session, and methods that only add to one.
FIRST_FACTORS = frozenset(
    {Method.PASSWORD, Method.PASSKEY, Method.EMAIL_CODE, Method.MAGIC_LINK, Method.PROVIDER}
)
#: Methods that prove a mailbox and nothing else.
BY_MAIL = frozenset({Method.EMAIL_CODE, Method.MAGIC_LINK})
SECOND_FACTORS = frozenset({Method.PASSKEY, Method.TOTP, Method.RECOVERY_CODE})


class Strength(IntEnum):
    """The order of design section 6, weakest first. Code and link by e-mail are equal: both prove the mailbox."""

    NOTHING = 0
    EMAIL = 1
    PASSWORD = 2
    PASSWORD_AND_TOTP = 3
    PASSKEY = 4
    PASSWORD_AND_PASSKEY = 5


@dataclass(frozen=True, slots=True)
class Proved:
    """The methods that a session has proved, each with the last time (UTC)."""

    at: Mapping[Method, datetime]

    @property
    def methods(self) -> frozenset[Method]:
        return frozenset(self.at)

    @property
    def strength(self) -> Strength:
        return strength_of(self.methods)

    def since(self, moment: datetime) -> "Proved":
        """Only what was proved at that moment or later: for who asks for a fresh proof."""
        return Proved({method: at for method, at in self.at.items() if at >= moment})


def strength_of(methods: AbstractSet[Method]) -> Strength:
    """How strong these methods are together.

    A recovery code counts as the TOTP that it stands in for. What only an external provider says counts for no method:
    policies name methods that Provisor has seen itself.
    """
    if Method.PASSKEY in methods:
        return Strength.PASSWORD_AND_PASSKEY if Method.PASSWORD in methods else Strength.PASSKEY
    if Method.PASSWORD in methods:
        codes = methods & {Method.TOTP, Method.RECOVERY_CODE}
        return Strength.PASSWORD_AND_TOTP if codes else Strength.PASSWORD
    return Strength.EMAIL if methods & {Method.EMAIL_CODE, Method.MAGIC_LINK} else Strength.NOTHING


def has_second_factor(methods: AbstractSet[Method]) -> bool:
    """Whether more than one factor was proved. A passkey is two by itself, for it asks for PIN or biometric."""
    return bool(methods & SECOND_FACTORS)


def read(records: Iterable[Mapping[str, Any]]) -> Proved:
    """Read allauth's records; one that is not understood proves nothing."""
    found: dict[Method, datetime] = {}
    for record in records:
        method, at = _method(record), record.get("at")
        if method is not None and isinstance(at, int | float):
            moment = datetime.fromtimestamp(at, UTC)
            found[method] = max(moment, found.get(method, moment))
    return Proved(found)


def proved(request: HttpRequest) -> Proved:
    """What the session of this request has proved of its account; nothing while nobody has signed in."""
    user = request.user
    return read(get_authentication_records(request, user)) if user.is_authenticated else Proved({})


#: Our own record, beside those of allauth.
MAGIC_LINK_RECORD = "magic_link"

_BY_RECORD = {
    "password": Method.PASSWORD,
    "code": Method.EMAIL_CODE,
    "socialaccount": Method.PROVIDER,
    MAGIC_LINK_RECORD: Method.MAGIC_LINK,
}
_BY_FACTOR = {
    "webauthn": Method.PASSKEY,
    "totp": Method.TOTP,
    "recovery_codes": Method.RECOVERY_CODE,
}


def _method(record: Mapping[str, Any]) -> Method | None:
    kind = record.get("method")
    table, name = (_BY_FACTOR, record.get("type")) if kind == "mfa" else (_BY_RECORD, kind)
    return table.get(name) if isinstance(name, str) else None
