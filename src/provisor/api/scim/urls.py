"""The addresses of the SCIM interface in one table, with who may use each of them."""

from typing import Final, NoReturn

from django.http import HttpResponse
from django.urls import URLPattern, path, re_path

from provisor.access.permissions import Permission
from provisor.api.scim import answers, discovery, groups, users
from provisor.api.scim.endpoint import Handler, Operation, Route, not_found
from provisor.api.scim.exchange import Exchange
from provisor.api.scim.group_documents import GROUPS
from provisor.api.scim.listing import search
from provisor.api.scim.search_request import from_body, from_query
from provisor.api.scim.user_documents import USERS
from provisor.scim.errors import ScimError


def list_all(exchange: Exchange) -> HttpResponse:
    """Users, then groups: a search at the root (RFC 7644, 3.4.2.1)."""
    return answers.document(search([USERS, GROUPS], from_query(exchange), exchange.base))


def search_all(exchange: Exchange) -> HttpResponse:
    return answers.document(search([USERS, GROUPS], from_body(exchange), exchange.base))


def me(_exchange: Exchange) -> NoReturn:
    raise ScimError(
        501, detail="Provisor has no /Me: a token belongs to an administrator, who need not be a user here."
    )


def bulk(_exchange: Exchange) -> NoReturn:
    raise ScimError(
        501, detail="Provisor takes no bulk requests, as /ServiceProviderConfig says. Send single ones."
    )


_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _read(handler: Handler) -> Operation:
    return Operation(handler=handler, permission=Permission.READ)


def _write(handler: Handler) -> Operation:
    return Operation(handler=handler, permission=Permission.MANAGE_DIRECTORY)


def _each(handler: Handler) -> dict[str, Operation]:
    """The same for every method, for addresses that do nothing."""
    return {method: _read(handler) for method in _METHODS}


_PUBLIC_CONFIG: Final = Operation(handler=discovery.service_provider_config, permission=None)

ANYWHERE: Final = Route(path="", operations=_each(not_found))

ROUTES: Final = (
    Route(path="/ServiceProviderConfig", operations={"GET": _PUBLIC_CONFIG}),
    Route(path="/ResourceTypes", operations={"GET": _read(discovery.list_resource_types)}),
    Route(path="/ResourceTypes/<str:name>", operations={"GET": _read(discovery.get_resource_type)}),
    Route(path="/Schemas", operations={"GET": _read(discovery.list_schemas)}),
    Route(path="/Schemas/<str:urn>", operations={"GET": _read(discovery.get_schema)}),
    Route(
        path="/Users",
        operations={"GET": _read(users.list_users), "POST": _write(users.create_user)},
    ),
    Route(path="/Users/.search", operations={"POST": _read(users.search_users)}),
    Route(
        path="/Users/<str:id>",
        operations={
            "GET": _read(users.get_user),
            "PUT": _write(users.replace_user),
            "PATCH": _write(users.patch_user),
            "DELETE": _write(users.delete_user),
        },
    ),
    Route(
        path="/Groups",
        operations={"GET": _read(groups.list_groups), "POST": _write(groups.create_group)},
    ),
    Route(path="/Groups/.search", operations={"POST": _read(groups.search_groups)}),
    Route(
        path="/Groups/<str:id>",
        operations={
            "GET": _read(groups.get_group),
            "PUT": _write(groups.replace_group),
            "PATCH": _write(groups.patch_group),
            "DELETE": _write(groups.delete_group),
        },
    ),
    Route(path="", operations={"GET": _read(list_all)}),
    Route(path="/", operations={"GET": _read(list_all)}),
    Route(path="/.search", operations={"POST": _read(search_all)}),
    Route(path="/Me", operations=_each(me)),
    Route(path="/Bulk", operations={"POST": _read(bulk)}),
    ANYWHERE,
)


def urlpatterns(root: str) -> list[URLPattern]:
    """The routes below `root`, which has no slash at either end; whatever else is there is a SCIM error 404."""
    known = [path(f"{root}{route.path}", route.view()) for route in ROUTES if route is not ANYWHERE]
    # A beginning matches whatever follows, line breaks included, which no converter of Django does.
    return [*known, re_path(rf"^{root}", ANYWHERE.view())]
