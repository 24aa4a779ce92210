"""Magic links: a link by e-mail that signs in once, within ten minutes.

Opening the link does nothing but ask: only a form that is sent uses it up, so a scanner of mail that follows links does
not. The token says what it is for, in its text and in its digest, so that no other token is ever taken for one.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from provisor.access.models import Account, MagicLink
from provisor.audit.actor import SYSTEM
from provisor.audit.record import record

LIFE: Final = timedelta(minutes=10)
#: Links that ended are kept for so long, so that the page can say what became of one.
_KEPT: Final = timedelta(days=1)
_PREFIX: Final = "prvlink_"
_PURPOSE: Final = "provisor magic link"


def make(account: Account, browser: str) -> str:
    """Make a link for the account, asked for by the browser that holds the secret `browser`. Returns its token."""
    token, now = _PREFIX + secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        MagicLink.objects.filter(expires_at__lt=now - _KEPT).delete()
        MagicLink.objects.create(
            account=account,
            digest=digest(token),
            browser=digest(browser),
            created_at=now,
            expires_at=now + LIFE,
        )
        record(SYSTEM, "account.link_sent", subject_id=account.pk, subject_label=account.email)
    return token


def find(token: str) -> MagicLink | None:
    """The link of the token, if it can still be used."""
    return _usable().filter(digest=digest(token)).select_related("account").first()


def asked_here(link: MagicLink, browser: str) -> bool:
    """Whether the browser that holds this secret has asked for the link."""
    return bool(browser) and secrets.compare_digest(link.browser, digest(browser))


def use(token: str) -> Account | None:
    """Use the link up and return its account; nothing when it was used, is too old, or never was one.

    Two who use it at once: the update counts for one of them.
    """
    link = find(token)
    if link is None or not _usable().filter(pk=link.pk).update(used_at=timezone.now()):
        return None
    return link.account


def digest(secret: str) -> str:
    """One round of SHA-256 is enough: nobody can guess 256 random bits."""
    return hashlib.sha256(f"{_PURPOSE}\0{secret}".encode()).hexdigest()


def _usable() -> QuerySet[MagicLink]:
    return MagicLink.objects.filter(used_at=None, expires_at__gt=timezone.now())
