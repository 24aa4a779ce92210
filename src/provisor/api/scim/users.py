"""The operations of /Users (RFC 7644, 3.3 to 3.6)."""

from django.http import HttpResponse

from provisor.api.scim import answers, documents, single
from provisor.api.scim.exchange import Exchange
from provisor.api.scim.listing import search
from provisor.api.scim.search_request import from_body, from_query, projection_of
from provisor.api.scim.user_documents import USERS
from provisor.directory import users
from provisor.directory.changes import change
from provisor.scim.patch import apply_patch


def list_users(exchange: Exchange) -> HttpResponse:
    return answers.document(search([USERS], from_query(exchange), exchange.base))


def search_users(exchange: Exchange) -> HttpResponse:
    return answers.document(search([USERS], from_body(exchange), exchange.base))


def create_user(exchange: Exchange) -> HttpResponse:
    projection = projection_of(exchange)
    user = users.create_user(exchange.body(), actor=exchange.actor)
    return single.show(USERS, exchange, user, projection, status=201)


def get_user(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    return single.get(USERS, exchange, id)


def replace_user(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    projection, resource = projection_of(exchange), exchange.body()
    with change():
        user = single.find(USERS, id)
        single.require_match(exchange, user)
        user = users.replace_user(user.id, resource, actor=exchange.actor)
    return single.show(USERS, exchange, user, projection)


def patch_user(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    """Read, change and write in one turn, so that two PATCHes at once both count."""
    projection, body = projection_of(exchange), exchange.body()
    with change():
        user = single.find(USERS, id)
        single.require_match(exchange, user)
        resource = apply_patch(documents.stored(user), body, kind="user")
        user = users.replace_user(user.id, resource, actor=exchange.actor)
    return single.show(USERS, exchange, user, projection)


def delete_user(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    with change():
        user = single.find(USERS, id)
        single.require_match(exchange, user)
        users.delete_user(user.id, actor=exchange.actor)
    return answers.empty()
