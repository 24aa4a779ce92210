"""How requests prove who sends them, and that no secret ever shows."""

import asyncio
import base64
import traceback
from collections.abc import Callable

import orjson
import pytest

from provisor.scim.authentication import METHODS, build, check_values
from provisor.scim.errors import NotSent, OutcomeUnknown
from provisor.scim.oauth import ClientCredentials, TokenRefused
from provisor.scim.transport import Response

VALUES = {
    "bearer": {"token": "tok-secret-1"},
    "basic": {"username": "api", "password": "pass-secret-1"},
    "header": {"name": "X-API-Key", "value": "key-secret-1"},
    "oauth2_client_credentials": {
        "token_url": "https://login.example.com/token",
        "client_id": "client:1",
        "client_secret": "client-secret-1&",
        "scope": "scim.read scim.write",
    },
}
OAUTH = VALUES["oauth2_client_credentials"]


def answer(status: int = 200, body: object = None, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body if body is not None else {})
    return Response(status=status, headers=headers, body=content, milliseconds=1.0)


def token(value: str = "t1", life: object = 3600, kind: str = "Bearer") -> Response:
    return answer(200, {"access_token": value, "expires_in": life, "token_type": kind})


class TokenService:
    """Answers each form with the next of its answers, the last one for ever, and keeps what it got."""

    def __init__(self, *answers: Response | Exception | Callable[[], Response]) -> None:
        self._answers = list(answers)
        self.forms: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []

    async def __call__(self, address: str, form: dict, headers: dict) -> Response:
        assert address == OAUTH["token_url"]
        given = self._answers[min(len(self.forms), len(self._answers) - 1)]
        self.forms.append(dict(form))
        self.headers.append(dict(headers))
        await asyncio.sleep(0)
        if isinstance(given, Exception):
            raise given
        return given


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def no_form(*_: object) -> Response:
    raise AssertionError("no form is to be sent")


async def test_fixed_methods_make_their_header() -> None:
    """Bearer, basic (RFC 7617) and a header of its own; a 401 makes no second try worth while."""
    pair = base64.b64encode(b"api:pass-secret-1").decode()
    expected = {
        "bearer": {"Authorization": "Bearer tok-secret-1"},
        "basic": {"Authorization": f"Basic {pair}"},
        "header": {"X-API-Key": "key-secret-1"},
    }
    for method, headers in expected.items():
        authentication = build(method, VALUES[method], no_form)
        assert await authentication.headers() == headers
        assert await authentication.headers() is await authentication.headers()
        assert await authentication.refused() is False


@pytest.mark.parametrize("method", list(METHODS))
def test_r17_the_repr_of_an_authentication_shows_no_secret(method: str) -> None:
    """Neither repr nor str, so neither logs nor tracebacks with locals."""
    shown = repr(build(method, VALUES[method], no_form)) + str(build(method, VALUES[method], no_form))
    assert "secret-1" not in shown


@pytest.mark.parametrize("method", list(METHODS))
def test_the_description_of_a_method_names_its_values_and_which_are_secret(method: str) -> None:
    """What forms and exports are made from."""
    fields = {field.name: field.secret for field in METHODS[method].fields}
    assert set(fields) == set(VALUES[method])
    assert {name for name, secret in fields.items() if secret} == {
        name for name, value in VALUES[method].items() if "secret-1" in value
    }
    assert check_values(method, VALUES[method]) == []


@pytest.mark.parametrize(
    ("method", "change", "word"),
    [
        ("bearer", {"token": ""}, "missing"),
        ("bearer", {"token": "a\r\nX: y"}, "line break"),
        ("bearer", {"token": "tökén"}, "cannot be sent"),
        ("bearer", {"token": " padded"}, "cannot be sent"),
        ("bearer", {"token": "Bearer abc"}, "without the word"),
        ("bearer", {"token": "x" * 20_000}, "at most"),
        ("bearer", {"token": 5}, "must be text"),
        ("bearer", {"other": "x"}, 'no value "other"'),
        ("basic", {"username": "a:b"}, "colon"),
        ("basic", {"password": "a\x00b"}, "cannot be sent"),
        ("header", {"name": "X Y"}, "no name of a header"),
        ("header", {"name": "Host"}, "set by Provisor"),
        ("header", {"name": "content-LENGTH"}, "set by Provisor"),
        ("header", {"name": "Transfer-Encoding"}, "set by Provisor"),
        ("oauth2_client_credentials", {"token_url": "ftp://x"}, "https://"),
        ("oauth2_client_credentials", {"token_url": "https://a@b/"}, "user name"),
        ("oauth2_client_credentials", {"client_secret": ""}, "missing"),
        ("magic", {}, "no authentication method"),
    ],
)
def test_values_that_cannot_be_used_are_named(method: str, change: dict, word: str) -> None:
    """In sentences that never hold a secret; `build` refuses the same."""
    values = VALUES.get(method, {}) | change
    problems = check_values(method, values)
    assert any(word in problem for problem in problems)
    assert all("secret-1" not in problem for problem in problems)
    with pytest.raises(ValueError, match=r"\.$"):
        build(method, values, no_form)


def test_a_password_may_hold_what_basic_can_send() -> None:
    """Spaces at the end and letters beyond ASCII are part of a password."""
    assert check_values("basic", {"username": "api", "password": " pä ss "}) == []


async def test_a_token_is_asked_for_once_and_kept() -> None:
    """Ten requests at a time wait for one form POST."""
    service = TokenService(token())
    authentication = build("oauth2_client_credentials", OAUTH, service)
    many = await asyncio.gather(*(authentication.headers() for _ in range(10)))
    assert many == [{"Authorization": "Bearer t1"}] * 10
    assert service.forms == [{"grant_type": "client_credentials", "scope": "scim.read scim.write"}]


async def test_requests_that_waited_for_a_token_in_vain_do_not_ask_again() -> None:
    """Ten requests do not become ten wrong passwords; the next one, later, asks anew."""
    service = TokenService(answer(400, {"error": "invalid_scope"}), token())
    authentication = build("oauth2_client_credentials", OAUTH, service)
    many = await asyncio.gather(*(authentication.headers() for _ in range(10)), return_exceptions=True)
    assert {type(each) for each in many} == {TokenRefused}
    assert len(service.forms) == 1
    assert await authentication.headers() == {"Authorization": "Bearer t1"}


async def test_the_client_is_form_encoded_in_the_header() -> None:
    """As RFC 6749, 2.3.1 demands: a colon in the id does not end it."""
    service = TokenService(token())
    await ClientCredentials(OAUTH, service).headers()
    pair = base64.b64decode(service.headers[0]["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "client%3A1:client-secret-1%26"


async def test_a_server_that_wants_the_client_in_the_form_gets_it_there_and_it_is_remembered() -> None:
    """Some servers know only client_secret_post."""
    clock = Clock()
    service = TokenService(answer(401, {"error": "invalid_client"}), token("t1", 100), token("t2", 100))
    authentication = ClientCredentials(OAUTH, service, clock)
    assert await authentication.headers() == {"Authorization": "Bearer t1"}
    clock.now += 100
    assert await authentication.headers() == {"Authorization": "Bearer t2"}
    assert ["client_secret" in form for form in service.forms] == [False, True, True]


@pytest.mark.parametrize(
    ("life", "renewed_after"), [(3600, 3540), ("600", 540), (60, 30), (10, 5), (None, 3540)]
)
async def test_a_token_is_renewed_before_it_expires(life: object, renewed_after: float) -> None:
    """A minute before, or at half of a short life; an hour is assumed where nothing is said."""
    clock = Clock()
    authentication = ClientCredentials(OAUTH, TokenService(token("t1", life), token("t2")), clock)
    await authentication.headers()
    clock.now += renewed_after - 0.01
    assert await authentication.headers() == {"Authorization": "Bearer t1"}
    clock.now += 0.02
    assert await authentication.headers() == {"Authorization": "Bearer t2"}


async def test_after_a_401_the_token_is_forgotten_once_for_all_who_used_it() -> None:
    """The second of two refused requests does not throw away the new token."""
    service = TokenService(token("t1"), token("t2"), token("t3"))
    authentication = ClientCredentials(OAUTH, service)
    used = await authentication.headers()
    assert await authentication.refused(used)
    fresh = await authentication.headers()
    assert await authentication.refused(used)
    assert await authentication.headers() is fresh
    assert await authentication.refused()
    assert await authentication.headers() == {"Authorization": "Bearer t3"}


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        ("invalid_client", "client_secret"),
        ("invalid_scope", '"scope"'),
        ("unauthorized_client", "Allow it"),
        ("unsupported_grant_type", "token_url"),
        ("something_new client-secret-1&", "token_url"),
    ],
)
async def test_a_refused_client_is_told_which_setting_to_look_at(code: str, setting: str) -> None:
    """It counts as a 401: the application stops until a person has acted. The secret is in no part of it."""
    refusal = answer(400, {"error": code, "error_description": "bad secret client-secret-1&"})
    with pytest.raises(TokenRefused) as refused:
        await ClientCredentials(OAUTH, TokenService(refusal)).headers()
    failure = refused.value
    assert setting in failure.sentence
    assert (failure.status, failure.retryable) == (401, False)
    assert "secret-1" not in "".join(traceback.format_exception(failure)) + repr(vars(failure))


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_token_service_that_is_ill_is_asked_again_later(status: int) -> None:
    """Retryable, with its Retry-After; nothing of the request was sent."""
    service = TokenService(answer(status, b"<html>", **{"retry-after": "17"}))
    with pytest.raises(NotSent) as failed:
        await ClientCredentials(OAUTH, service).headers()
    assert (failed.value.status, failed.value.retryable, failed.value.retry_after) == (status, True, 17.0)


async def test_a_token_service_without_an_answer_means_that_the_request_was_not_sent() -> None:
    """The outcome of the token request is unknown; that of the request is not."""
    service = TokenService(OutcomeUnknown("It was silent."), token())
    authentication = ClientCredentials(OAUTH, service)
    with pytest.raises(NotSent, match="No token"):
        await authentication.headers()
    assert await authentication.headers() == {"Authorization": "Bearer t1"}


@pytest.mark.parametrize(
    "given",
    [
        answer(200, b"<html>login</html>"),
        answer(200, []),
        answer(200, {"token": "x"}),
        answer(200, {"access_token": 5}),
        answer(200, {"access_token": ""}),
        answer(200, {"access_token": "a\r\nHost: b"}),
        answer(200, {"access_token": "x" * 20_000}),
        token(kind="mac"),
        answer(404, {}),
        answer(302, b""),
    ],
)
async def test_an_answer_without_a_usable_token_is_refused(given: Response) -> None:
    """Nothing of it reaches a header; it never looks like the status of the application's own resource."""
    with pytest.raises(TokenRefused) as refused:
        await ClientCredentials(OAUTH, TokenService(given)).headers()
    assert refused.value.status == 401


@pytest.mark.parametrize("method", list(METHODS))
async def test_r17_an_echoed_secret_is_blotted_out(method: str) -> None:
    """What a hostile application sends back never reaches a record."""
    authentication = build(method, VALUES[method], TokenService(token("access-secret-1")))
    (header,) = (await authentication.headers()).values()
    secrets = [v for v in VALUES[method].values() if "secret-1" in v] + [header.rpartition(" ")[2]]
    concealed = authentication.conceal(" ".join(secrets).encode())
    assert b"secret-1" not in concealed
    assert header.rpartition(" ")[2].encode() not in concealed


async def test_without_a_scope_none_is_asked_for() -> None:
    """An empty scope is not the same as no scope to every server."""
    service = TokenService(token())
    await ClientCredentials({**OAUTH, "scope": ""}, service).headers()
    assert service.forms == [{"grant_type": "client_credentials"}]
