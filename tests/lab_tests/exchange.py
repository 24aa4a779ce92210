"""A plain SCIM client for the tests of the lab: aiohttp in the test's own loop, no code of Provisor."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from tests.lab import LabOptions, Target, running

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Answer(NamedTuple):
    """What came back; `document` is None for an empty body and text for what is no JSON."""

    status: int
    document: Any
    headers: dict[str, str]


class Client:
    """Sends requests to a lab target."""

    def __init__(self, session: aiohttp.ClientSession, target: Target) -> None:
        self._session = session
        self.target = target
        self.token = target.options.token

    async def send(
        self, method: str, path: str, values: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"} | (
            headers or {}
        )
        body = None if values is None else json.dumps(values).encode()
        url = self.target.base_url + path
        async with self._session.request(
            method, url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            text = await answer.text()
            return Answer(
                answer.status, _document(text), {name.lower(): v for name, v in answer.headers.items()}
            )

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return await self.send("GET", path, None, headers)

    async def search(self, collection: str, text: str) -> list[Any]:
        params = str(URL().with_query({"filter": text}))
        answer = await self.get(f"/{collection}{params}")
        assert answer.status == 200, answer
        return list(answer.document["Resources"])

    async def post(self, path: str, values: Any) -> Answer:
        return await self.send("POST", path, values)

    async def create_user(self, name: str, /, **values: Any) -> str:
        answer = await self.post("/Users", user(name, **values))
        assert answer.status == 201, answer
        return str(answer.headers["location"].rpartition("/")[2])

    async def create_group(self, name: str, members: list[str] | None = None) -> str:
        answer = await self.post("/Groups", group(name, members))
        assert answer.status == 201, answer
        return str(answer.headers["location"].rpartition("/")[2])

    async def patch(self, path: str, *operations: dict[str, Any]) -> Answer:
        return await self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    async def members(self, group_id: str) -> set[str]:
        record = self.target.store.groups.records[group_id]
        return set(record.members)


@asynccontextmanager
async def lab_client(**options: Any) -> AsyncIterator[Client]:
    """A lab target with some options, and a client of it."""
    async with running(LabOptions(**options)) as target, aiohttp.ClientSession() as session:
        yield Client(session, target)


def user(name: str, /, **values: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, "active": True, **values}


def group(name: str, members: list[str] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"schemas": [GROUP], "displayName": name}
    return body if members is None else {**body, "members": [{"value": member} for member in members]}


def _document(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError:
        return text
