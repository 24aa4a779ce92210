"""What the simulated engine is given: its database's place, its door, its watch and its sign of life."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

from provisor.applications.credentials import OpenCredential
from provisor.provisioning.health.life_sign import SIGN_EVERY
from provisor.provisioning.passes.connection import Connection
from provisor.provisioning.store import Store
from provisor.scim.authentication import build
from provisor.scim.dialect import Dialect
from provisor.scim.errors import OutcomeUnknown, ScimFailure
from provisor.scim.limits import TransportLimits
from provisor.scim.transport import Request, Response
from tests.simulation.network import Network
from tests.simulation.world import Crash, World

P = ParamSpec("P")
T = TypeVar("T")


class Life:
    """One life of the process, from its start to its crash."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.upheavals += 1
        self.dead = False
        #: The world goes on without it.
        self.buried = False
        #: Statements that are still executed before the process dies in the middle of one; None: it lives on.
        self.statements_left: int | None = None
        #: Until then (seconds) the disk takes nothing.
        self.disk_full_until = 0.0

    def die(self) -> None:
        """The process ends, in the midst of whatever it does."""
        self.dead = True
        raise Crash

    def check(self) -> None:
        """What is left of a dead process does nothing any more, not even what it would do at its end."""
        if self.buried:
            raise asyncio.CancelledError
        if self.dead:
            raise Crash


class InlineStore(Store):
    """The real SQL, executed where it is called; a crash drops the open transaction."""

    def __init__(self, life: Life) -> None:
        self._life = life

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        life = self._life
        life.check()
        await asyncio.sleep(life.world.random.choice((0, 0, 0.001, 0.004)))
        life.check()
        if life.world.time < life.disk_full_until:
            raise OperationalError("database or disk is full")
        if life.statements_left is None:
            result = function(*args, **kwargs)
        else:
            with connection.execute_wrapper(self._count):
                result = function(*args, **kwargs)
        await asyncio.sleep(0)
        life.check()
        return result

    def _count(self, execute, sql, parameters, many, context):  # type: ignore[no-untyped-def]  # Django's hook
        life = self._life
        assert life.statements_left is not None
        life.statements_left -= 1
        if life.statements_left <= 0:
            life.world.tell("crash in the middle of a transaction")
            life.die()
        return execute(sql, parameters, many, context)

    async def end(self) -> None:
        return

    def close(self) -> None:
        return


class Door:
    """One connection to a simulated application: requests and answers take time, and travel on after a crash."""

    def __init__(self, life: Life, network: Network, limits: TransportLimits) -> None:
        self._life, self._network, self._limits = life, network, limits

    async def send(self, request: Request) -> Response:
        self._life.check()
        answer: asyncio.Future[Response | ScimFailure] = asyncio.get_running_loop().create_future()
        self._network.carry(request, lambda reply: None if answer.done() else answer.set_result(reply))
        try:
            async with asyncio.timeout(self._limits.total):
                reply = await answer
        except TimeoutError:
            raise OutcomeUnknown("The application did not answer in time.") from None
        self._life.check()
        if isinstance(reply, ScimFailure):
            raise reply
        if self._life.world.time >= self._life.disk_full_until:
            self._network.heard(reply)
        return reply

    async def send_form(self, *_: object) -> Response:
        raise AssertionError("no token address is simulated")

    async def close(self) -> None:
        return


class Doors:
    """Opens the doors to all simulated applications."""

    def __init__(self, life: Life, networks: dict[str, Network]) -> None:
        self._life, self._networks = life, networks

    def __call__(
        self, base_url: str, credential: OpenCredential, dialect: Dialect, limits: TransportLimits
    ) -> Connection:
        assert dialect is not None
        door = Door(self._life, self._networks[base_url], limits)
        authentication = build(credential.method, credential.values, door.send_form)  # type: ignore[arg-type]
        return Connection(transport=door, authentication=authentication)  # type: ignore[arg-type]  # a door


class Watch:
    """Changes are made in this process: the loop is woken, and there is nothing to poll."""

    def changed(self) -> bool:
        return False

    def pending(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM directory_pending LIMIT 1")
            return cursor.fetchone() is not None

    def close(self) -> None:
        return


class Sign:
    """The last sign of life: it counts as given every `SIGN_EVERY` seconds, so that the last one is a little old."""

    def __init__(self) -> None:
        self._last: int | None = None

    def give(self, now: int) -> None:
        self._last = now

    def died(self, now: int, chance: float) -> None:
        """The process has died now; its last sign was given up to a period before."""
        self._last = now - int(chance * SIGN_EVERY * 1_000)

    def last(self) -> int | None:
        return self._last
