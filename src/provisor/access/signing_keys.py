"""The keys that sign what single sign-on says of people: made here, sealed at rest (R17), exchanged by themselves.

A new key is published before it signs, for as long as applications may keep the old list (`JWKS_CACHE_CONTROL`), and an
old one stays published until nothing that it signed is valid any more.
"""

from datetime import datetime, timedelta
from typing import Final

from allauth.idp.oidc import app_settings
from allauth.idp.oidc.models import PrivateKey
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from provisor.access.accounts import in_turn
from provisor.access.models import SigningKey
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.record import record
from provisor.vault import sealing
from provisor.vault.registry import KeyedColumn

_BITS: Final = 2048
_LIFETIME: Final = timedelta(days=90)
#: After it has signed for the last time: an hour more than the longest token, and than any cache of the list.
_AFTERLIFE: Final = timedelta(days=1)


def published() -> list[PrivateKey]:
    """Every key that something valid may be signed with, now or soon. Makes the first one."""
    now = timezone.now()
    rows = list(SigningKey.objects.exclude(ends_at__lte=now).order_by("signs_from"))
    return [_opened(row) for row in rows] if rows else [_opened(_first())]


def renew_if_old() -> None:
    """Put another key in place of one that has signed for long enough."""
    newest = SigningKey.objects.order_by("-signs_from").first()
    if newest is not None and newest.signs_from + _LIFETIME <= timezone.now():
        rotate(SYSTEM, unless_after=newest.signs_from)


def rotate(actor: Actor, *, unless_after: datetime | None = None) -> SigningKey:
    """Make another key, which signs once every application can have read of it; the others end a day later.

    `unless_after`: not when somebody else has made one that signs later than this. Each act with its audit entry.
    """
    with in_turn():
        newest = SigningKey.objects.order_by("-signs_from").first()
        if newest is not None and unless_after is not None and newest.signs_from > unless_after:
            return newest
        ahead = timedelta(seconds=app_settings.JWKS_CACHE_CONTROL) if newest else timedelta()
        starts = timezone.now() + ahead
        SigningKey.objects.filter(ends_at=None).update(ends_at=starts + _AFTERLIFE)
        made = _made(starts)
        record(actor, "signing_key.made", subject_id=str(made.id), after={"signs_from": starts.isoformat()})
    return made


def _first() -> SigningKey:
    return rotate(SYSTEM, unless_after=datetime.min.replace(tzinfo=timezone.get_default_timezone()))


def _made(signs_from: datetime) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row = SigningKey(created_at=timezone.now(), signs_from=signs_from)
    row.key_id, row.sealed = sealing.seal(pem, bound_to=place_of(row))
    row.save(force_insert=True)
    return row


def _opened(row: SigningKey) -> PrivateKey:
    pem = sealing.unseal(row.key_id, bytes(row.sealed), bound_to=place_of(row)).decode()
    return PrivateKey(pem=pem, not_before=row.signs_from, issued_at=row.signs_from, expires_at=row.ends_at)


def place_of(row: SigningKey) -> str:
    return sealing.binding("access_signing_key", row.pk, "sealed")


#: What an exchange of keys wraps anew here.
SEALED: Final = KeyedColumn(name="keys that sign for single sign-on", model=SigningKey, place=place_of)
