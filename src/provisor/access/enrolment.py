"""What a person can prove: the methods that their account is set up for."""

from allauth.mfa.models import Authenticator
from django.conf import settings

from provisor.access.methods import Method
from provisor.access.models import Account

_BY_TYPE = {"totp": Method.TOTP, "webauthn": Method.PASSKEY}


def enrolled(account: Account) -> frozenset[Method]:
    """The methods that this account can prove now."""
    types = Authenticator.objects.filter(user=account).values_list("type", flat=True)
    found = {_BY_TYPE[each] for each in types if each in _BY_TYPE}
    if account.has_usable_password():
        found.add(Method.PASSWORD)
    if settings.EMAIL_IS_SET:
        found.add(Method.EMAIL_CODE)
    return frozenset(found)
