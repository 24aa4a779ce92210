"""/tokens: made, shown once, listed and revoked. Nothing of a token can be changed, its account least of all (CVE-2024-37905)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.access import tokens as services
from provisor.access.models import Token
from provisor.access.permissions import Permission
from provisor.api.management.accounts import find_account
from provisor.api.management.answers import Limit, answer, nothing, paging
from provisor.api.management.caller import actor_of, demand, principal_in
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.problems import missing
from provisor.api.management.shapes_access import TokenIssued, TokenNew, TokenPage
from provisor.api.moments import rfc3339

router = Router(tags=["Access"])


@operation(router, "GET", "/tokens", gives=TokenPage)
def list_tokens(
    request: HttpRequest, *, whose: str = "mine", limit: Limit = 100, cursor: str | None = None
) -> HttpResponse:
    """List the tokens of one's own account, the newest first; with `whose=all` everybody's, for those who may read the audit."""
    page = paging(request, limit, cursor)
    rows = Token.objects.select_related("account").order_by("-pk")
    if whose == "all":
        demand(request, Permission.READ_AUDIT)
    else:
        rows = rows.filter(account=principal_in(request).account)
    rows = rows.filter(pk__lt=page.position) if page.position else rows
    return page.page(list(rows[: limit + 1]), _document, lambda row: str(row.pk))


@operation(router, "POST", "/tokens", gives=TokenIssued, status=201)
def create_token(request: HttpRequest, body: TokenNew) -> HttpResponse:
    """Make a token; this answer is the one that ever shows it. It can do no more than the token that asks, and not for longer."""
    giver = principal_in(request)
    account = find_account(body.account) if body.account else giver.account
    if account.pk != giver.account.pk:
        demand(request, Permission.MANAGE_ACCESS)
    token, plain = services.issue(
        account,
        body.name,
        body.role,
        actor_of(request),
        expires_at=body.expires_at,
        use=body.use,
        applications=body.applications,
        by=giver,
    )
    shown = answer(_document(token) | {"token": plain}, 201)
    shown["Cache-Control"] = "no-store"
    return shown


@operation(router, "DELETE", "/tokens/{token_id}", status=204)
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """End a token at once and for good: one's own, or as an owner anybody's."""
    held = Token.objects.filter(pk=read_uuid("token", token_id)).first()
    if held is None:
        raise missing("token", token_id)
    if held.account_id != principal_in(request).account.pk:
        demand(request, Permission.MANAGE_ACCESS)
    services.revoke(held.pk, actor_of(request))
    return nothing()


def _document(row: Token) -> dict[str, Any]:
    moments = {"created_at": row.created_at, "expires_at": row.expires_at}
    moments |= {"last_used_at": row.last_used_at, "revoked_at": row.revoked_at}
    return {
        "id": str(row.pk),
        "name": row.name,
        "begins_with": row.prefix,
        "account": str(row.account_id),
        "role": row.role,
        "use": row.use,
        "applications": row.applications,
        **{name: rfc3339(moment) if moment else None for name, moment in moments.items()},
    }
