"""/accounts: who may sign in, with which role, for which applications."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.access import accounts as services
from provisor.access.models import Account
from provisor.api.management.answers import Limit, answer, paging
from provisor.api.management.caller import actor_of
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.problems import missing
from provisor.api.management.shapes_access import Account as AccountShape
from provisor.api.management.shapes_access import AccountPage, RightsBody
from provisor.api.moments import rfc3339

router = Router(tags=["Access"])


@operation(router, "GET", "/accounts", gives=AccountPage)
def list_accounts(request: HttpRequest, limit: Limit = 100, cursor: str | None = None) -> HttpResponse:
    """List the accounts that may sign in here, the oldest first."""
    page = paging(request, limit, cursor)
    rows = Account.objects.select_related("directory_user").order_by("pk")
    rows = rows.filter(pk__gt=page.position) if page.position else rows
    return page.page(list(rows[: limit + 1]), _document, lambda row: str(row.pk))


@operation(router, "GET", "/accounts/{account_id}", gives=AccountShape)
def get_account(request: HttpRequest, account_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read one account."""
    return answer(_document(find_account(account_id)))


@operation(router, "PATCH", "/accounts/{account_id}", gives=AccountShape)
def update_account(request: HttpRequest, account_id: str, body: RightsBody) -> HttpResponse:
    """Give an account another role, other applications to look after (null: all), or both. Its tokens follow at once."""
    account = find_account(account_id)
    given = body.model_dump(exclude_unset=True)
    bounds = given.get("applications", services.SAME)
    role = given.get("role") or account.role
    return answer(_document(services.change_role(account.pk, role, actor_of(request), applications=bounds)))


@operation(router, "POST", "/accounts/{account_id}/disable", gives=AccountShape)
def disable_account(request: HttpRequest, account_id: str) -> HttpResponse:
    """End the sessions and tokens of an account. The last owner who can sign in stays."""
    return answer(_document(services.disable(find_account(account_id).pk, actor_of(request))))


@operation(router, "POST", "/accounts/{account_id}/enable", gives=AccountShape)
def enable_account(request: HttpRequest, account_id: str) -> HttpResponse:
    """Let an account sign in again."""
    return answer(_document(services.enable(find_account(account_id).pk, actor_of(request))))


def find_account(given: str) -> Account:
    """The account with this id. Raises `Problem` 404."""
    row: Account | None = (
        Account.objects.select_related("directory_user").filter(pk=read_uuid("account", given)).first()
    )
    if row is None:
        raise missing("account", given)
    return row


def _document(row: Account) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "applications": row.applications,
        "active": row.is_active,
        "can_sign_in": row.may_sign_in(),
        "created_at": rfc3339(row.created_at),
        "last_sign_in": rfc3339(row.last_login) if row.last_login else None,
    }
