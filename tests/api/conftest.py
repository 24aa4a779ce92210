"""Callers of the two interfaces: one for each role, each with a real token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from provisor.access.models import Account, Role
from provisor.access.tokens import issue
from provisor.audit.actor import SYSTEM


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, with its JSON read."""

    status: int
    headers: Any
    content: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.content)


@dataclass(frozen=True, slots=True)
class Caller:
    """Sends requests with one token below one address."""

    token: str
    root: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        kind = sent.pop("Content-Type", "application/json")
        answer = Client(raise_request_exception=False).generic(
            method, self.root + path, content, content_type=kind, headers=sent
        )
        return _answer(answer)


def _answer(answer: HttpResponse) -> Answer:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return Answer(answer.status_code, answer.headers, content)


@pytest.fixture
def token_of(db: None) -> Callable[[str], str]:
    def make(role: str) -> str:
        account = Account.objects.create(email=f"{role}@example.com", role=role, created_at=timezone.now())
        return issue(account, "test", role, SYSTEM)[1]

    return make


@pytest.fixture
def scim(token_of: Callable[[str], str]) -> Caller:
    """An owner at the SCIM interface."""
    return Caller(token_of(Role.OWNER), "/scim/v2")


@pytest.fixture
def api(token_of: Callable[[str], str]) -> Caller:
    """An owner at the management interface."""
    return Caller(token_of(Role.OWNER), "/api/v1")
