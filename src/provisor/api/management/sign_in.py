"""/applications/{id}/sign-in: how an application signs people in by OpenID Connect."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management.answers import answer, nothing
from provisor.api.management.applications import find
from provisor.api.management.caller import actor_of
from provisor.api.management.members import settable
from provisor.api.management.mounting import operation
from provisor.api.management.problems import Problem
from provisor.api.management.shapes_sign_in import SingleSignOn, SingleSignOnBody, SingleSignOnSecret
from provisor.api.moments import rfc3339
from provisor.applications import single_sign_on as services
from provisor.applications.models import SingleSignOn as Row

router = Router(tags=["Sign-in"])

#: Members of the document that nobody sets: sent back as they were read, they are passed over.
_SHOWN_ONLY = frozenset({"client_id", "client_secret", "secret_at"})
_HERE = "/applications/{application_id}/sign-in"


@operation(router, "GET", _HERE, gives=SingleSignOn)
def get_single_sign_on(request: HttpRequest, application_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read how the application signs people in."""
    row = services.find(find(application_id).pk)
    if row is None:
        raise Problem(404, "not-found", "This application has no single sign-on. Switch it on with PATCH.")
    return answer(_document(row))


@operation(router, "PATCH", _HERE, gives=SingleSignOnSecret)
def change_single_sign_on(request: HttpRequest, application_id: str, body: SingleSignOnBody) -> HttpResponse:
    """Switch single sign-on on, or change what the body names. A new secret is in the answer this once."""
    application = find(application_id)
    changes = settable(body.root, _SHOWN_ONLY)
    row, secret = services.configure(application.pk, changes, actor=actor_of(request))
    return answer(_document(row) | {"client_secret": secret})


@operation(router, "DELETE", _HERE, status=204)
def end_single_sign_on(request: HttpRequest, application_id: str) -> HttpResponse:
    """Switch single sign-on off: the client and all its tokens end."""
    services.remove(find(application_id).pk, actor=actor_of(request))
    return nothing()


@operation(router, "POST", f"{_HERE}/secret", gives=SingleSignOnSecret)
def renew_client_secret(request: HttpRequest, application_id: str) -> HttpResponse:
    """Make another secret, in the answer this once; the old one ends at once."""
    row, secret = services.renew_secret(find(application_id).pk, actor=actor_of(request))
    return answer(_document(row) | {"client_secret": secret})


def _document(row: Row) -> dict[str, Any]:
    return services.document(row) | {"secret_at": rfc3339(row.secret_at)}
