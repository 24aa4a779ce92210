"""R11 at the door: once it is barred no request leaves, whatever it was waiting for; what has left may end."""

import asyncio

import pytest

from provisor.scim.authentication import FixedHeaders
from provisor.scim.errors import NotSent
from provisor.scim.oauth import TokenRefused
from provisor.scim.rotation import Rotation
from provisor.scim.transport import Request, Transport
from tests.scim.raw_server import LOOPBACK, Handler, Received, Wire, always, http, raw_server

GET = Request(method="GET", url_path="/Users/1")


def slow(arrived: asyncio.Event, going_on: asyncio.Event) -> Handler:
    async def handle(_: Received, wire: Wire) -> None:
        arrived.set()
        await going_on.wait()
        wire.write(http(200, {"id": "1"}))

    return handle


async def test_r11_a_request_that_waits_for_its_connection_does_not_leave_any_more() -> None:
    """One connection: the first request is in flight and ends, the second and the third were waiting for it."""
    arrived, going_on = asyncio.Event(), asyncio.Event()
    async with raw_server(slow(arrived, going_on)) as server:
        door = Transport(server.url, private_targets=LOOPBACK, connections=1)
        sent = [asyncio.create_task(door.send(GET)) for _ in range(3)]
        async with asyncio.timeout(10):
            await arrived.wait()
        door.bar()
        going_on.set()
        first, *others = await asyncio.gather(*sent, return_exceptions=True)
        assert getattr(first, "status", None) == 200
        assert [type(each) for each in others] == [NotSent, NotSent]
        assert len(server.received) == 1
        await door.close()


@pytest.mark.parametrize("size", [10, 2 << 20])
async def test_r01_a_body_is_kept_back_even_after_the_request_has_its_connection(size: int) -> None:
    """A process that was stopped just then, and goes on when nothing may leave any more, sends nothing."""
    answers = iter([True])
    async with raw_server(always(http(201, {"id": "1"}))) as server:
        door = Transport(server.url, private_targets=LOOPBACK, may_send=lambda: next(answers, False))
        with pytest.raises(NotSent):
            await door.send(Request(method="POST", url_path="/Users", body=b" " * size))
        assert server.received == []
        await door.close()


async def test_r11_a_barred_door_asks_for_no_token_either() -> None:
    async with raw_server(always(http(200, {"id": "1"}))) as server:
        door = Transport(server.url, private_targets=LOOPBACK)
        await door.send_form(server.url, {"grant_type": "client_credentials"})
        door.bar()
        for address in (server.url, f"{server.url}/another"):
            with pytest.raises(NotSent):
                await door.send_form(address, {"grant_type": "client_credentials"})
        with pytest.raises(NotSent):
            await door.send(GET)
        assert len(server.received) == 1
        await door.close()


def token(name: str) -> FixedHeaders:
    return FixedHeaders("bearer", {"Authorization": f"Bearer {name}"}, (name.encode(),))


async def test_r13_a_rotation_turns_once_and_late_answers_to_the_former_credential_are_tried_again() -> None:
    rotation = Rotation(token("the-former-token"), token("the-newer-token"))
    former = await rotation.headers()
    assert not rotation.turned
    assert await rotation.refused(former)
    assert rotation.turned
    assert await rotation.refused(former), "a request that left before the turn"
    assert not await rotation.refused(await rotation.headers()), "both are refused"
    concealed = rotation.conceal(b"the-former-token and the-newer-token")
    assert b"former" not in concealed
    assert b"newer" not in concealed


class NoToken:
    """A client whose secret is not accepted any more."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def headers(self) -> dict[str, str]:
        raise TokenRefused("No token.", status=self._status, retryable=False)

    async def refused(self, used: object = None) -> bool:  # noqa: ARG002 - of the protocol
        return True

    def conceal(self, text: bytes) -> bytes:
        return text


async def test_r13_a_client_secret_that_is_refused_turns_and_a_token_service_that_is_ill_does_not() -> None:
    rotation = Rotation(NoToken(401), token("new"))
    assert await rotation.headers() == {"Authorization": "Bearer new"}
    ill = Rotation(NoToken(503), token("new"))
    with pytest.raises(TokenRefused):
        await ill.headers()
    assert not ill.turned
