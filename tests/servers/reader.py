"""Reading what a target holds by plain HTTP, apart from all of Provisor's code, so that no error cancels out."""

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]
_MOST_PAGES = 100_000


class DuplicateFound(AssertionError):  # noqa: N818 - it is what was found
    """Two resources of a target have the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All users by userName and all groups by displayName."""

    users: dict[str, Resource]
    groups: dict[str, Resource]


def read_contents(base_url: str, token: str) -> Contents:
    """Everything a target holds; raises DuplicateFound, and urllib's HTTPError for a refused read."""
    return Contents(users=read_users(base_url, token), groups=read_groups(base_url, token))


def read_users(base_url: str, token: str) -> dict[str, Resource]:
    """All users by userName; raises DuplicateFound if two of them differ in case at most."""
    return by_name(read_all(base_url, token, "Users"), "userName")


def read_groups(base_url: str, token: str) -> dict[str, Resource]:
    """All groups by displayName; raises DuplicateFound if two of them differ in case at most."""
    return by_name(read_all(base_url, token, "Groups"), "displayName")


def read_all(base_url: str, token: str, collection: str) -> list[Resource]:
    """All resources of a collection, page by page, until a page brings no new id (some servers repeat the last)."""
    found: dict[str, Resource] = {}
    for _ in range(_MOST_PAGES):
        answer = get(f"{base_url}/{collection}?startIndex={len(found) + 1}&count=500", token)
        new = {
            resource["id"]: resource
            for resource in answer.get("Resources") or []
            if resource["id"] not in found
        }
        if not new:
            break
        found |= new
    return list(found.values())


def get(url: str, token: str = "") -> Any:
    """The JSON at an address."""
    headers = {"Accept": "application/scim+json, application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return _answer(urllib.request.Request(url, headers=headers))


def post(url: str, values: Any, token: str = "", *, method: str = "POST") -> Any:
    """Send JSON to an address; the JSON that comes back, or None for an empty answer."""
    headers = {"Content-Type": "application/scim+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return _answer(urllib.request.Request(url, json.dumps(values).encode(), headers, method=method))


def by_name(resources: Iterable[Resource], attribute: str) -> dict[str, Resource]:
    """Resources by a name; raises DuplicateFound if two names differ in case at most."""
    found: dict[str, Resource] = {}
    folded: set[str] = set()
    for resource in resources:
        name = resource[attribute]
        if name.casefold() in folded:
            raise DuplicateFound(f'The target holds "{name}" more than once.')
        folded.add(name.casefold())
        found[name] = resource
    return found


def _answer(request: urllib.request.Request) -> Any:
    # No proxy of the environment stands between a test and a loopback server.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        body = answer.read()
    return json.loads(body) if body else None
