"""The rules of single sign-on: which request is answered at all, whose tokens live, and what a code remembers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from allauth.idp.oidc import app_settings
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.core.cache import cache
from django.http import QueryDict
from django.utils import timezone

from provisor.access.demands import Demand, policies
from provisor.access.methods import Method, has_second_factor, strength_of
from provisor.access.models import Account, Opening
from provisor.access.openings import Standing
from provisor.access.relying_parties import relying_parties

#: Methods by the names of RFC 8176; a mailbox and a recovery code have none there.
_AMR: Final[Mapping[Method, tuple[str, ...]]] = {
    Method.PASSWORD: ("pwd",),
    Method.PASSKEY: ("pop", "user"),
    Method.TOTP: ("otp",),
}


class RequestRefusedError(Exception):
    """A request for single sign-on that is not answered. The sentence is for the person; nothing goes to the address."""


@dataclass(frozen=True, slots=True)
class SignOnRequest:
    """A request that may be answered: its client, the application behind it, and where the answer goes."""

    client: Client
    application_id: UUID
    redirect_uri: str
    prompts: frozenset[str]
    #: Seconds; None when the application does not say.
    max_age: int | None


def read_request(given: QueryDict) -> SignOnRequest:
    """Check what an application asks for, stricter than the library: exact redirect address, and PKCE by SHA-256.

    Raises `RequestRefusedError`. What it lets through django-allauth checks once more.
    """
    for name, values in given.lists():
        if len(values) != 1:
            raise RequestRefusedError(f'The application has given "{name}" more than once.')
    client = Client.objects.filter(pk=given.get("client_id", "")).first()
    application_id = relying_parties().application_of(client.pk) if client else None
    if client is None or application_id is None:
        raise RequestRefusedError("No application is known here by the client id that was sent.")
    if given.get("redirect_uri", "") not in client.get_redirect_uris():
        raise RequestRefusedError(
            "The redirect address that was sent is not one of the application's, letter by letter."
        )
    if given.get("response_type") != "code":
        raise RequestRefusedError('The application has to ask for the response type "code".')
    if not given.get("code_challenge") or given.get("code_challenge_method") != "S256":
        raise RequestRefusedError('The application has to use PKCE with the method "S256".')
    return SignOnRequest(
        client,
        application_id,
        given.get("redirect_uri", ""),
        frozenset(given.get("prompt", "").split()),
        _age(given),
    )


def _age(given: QueryDict) -> int | None:
    text = given.get("max_age", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len("999999999"):
        raise RequestRefusedError('"max_age" has to be a number of seconds.')
    return int(text)


def may_have(account: Account | None, client: Client | None) -> bool:
    """Whether this account may be signed in at this client now: neither is disabled, and a policy gives the application."""
    return _demand(account, client) is not None


def _demand(account: Account | None, client: Client | None) -> Demand | None:
    application_id = relying_parties().application_of(client.pk) if client else None
    if account is None or application_id is None or account.directory_user_id is None:
        return None
    return policies().demand(account.directory_user_id, application_id) if account.may_sign_in() else None


def live_token(kind: Token.Type, value: str) -> Token | None:
    """The token, while its person may have it. The tokens of one who may not are ended.

    One that renews others lives only while the sign-in behind it is no older than `settings.PROOF_AGE`, and is as strong
    as the policy demands by now.
    """
    rows = Token.objects.select_related("client", "user__directory_user")
    token: Token | None = rows.lookup(kind, value) if value else None
    demand = _demand(token.user, token.client) if token else None
    renews = kind == Token.Type.REFRESH_TOKEN
    if token is None or (demand and not (renews and not _is_borne_out(token.user, demand))):
        return token
    Token.objects.filter(client=token.client, user=token.user).delete()
    return None


def _is_borne_out(account: Account, demand: Demand) -> bool:
    since = timezone.now() - timedelta(seconds=settings.PROOF_AGE)
    opening = Opening.objects.filter(
        user__account=account, application_id=demand.application_id, at__gte=since
    ).first()
    known = {method for method in Method if opening and method in opening.methods}
    return strength_of(known) >= demand.needed


def remember(code: str, standing: Standing) -> None:
    """Keep by what and when the person was signed in, for the tokens that the code is exchanged for."""
    methods = standing.methods
    known = [name for method in methods for name in _AMR.get(method, ())]
    amr = [*known, "mfa"] if has_second_factor(set(methods)) else known
    since = standing.since
    kept = {"auth_time": int(since.timestamp()) if since else None, "amr": amr}
    cache.set(_key("proof", code), kept, timeout=app_settings.AUTHORIZATION_CODE_EXPIRES_IN)


def remembered(code: str) -> dict[str, Any]:
    """The claims on how the person signed in, for an exchange of this code; empty when nothing is known."""
    kept: dict[str, Any] = cache.get(_key("proof", code)) or {}
    return {name: value for name, value in kept.items() if value}


def take(code: str) -> bool:
    """Whether nobody has come with this code before: of two who come at once one is refused."""
    return bool(cache.add(_key("taken", code), True, timeout=2 * app_settings.AUTHORIZATION_CODE_EXPIRES_IN))


def _key(kind: str, code: str) -> str:
    """Codes are not readable in the cache, and each kind has names of its own (CVE-2026-4282)."""
    return f"single-sign-on:{kind}:{hashlib.sha256(code.encode()).hexdigest()}"
