"""The way to one simulated application and back, and the application itself: the lab target's real code."""

from collections.abc import Callable

from provisor.scim.errors import NotSent, OutcomeUnknown, ScimFailure
from provisor.scim.transport import Request, Response, encode_query
from tests.lab import Target
from tests.lab.options import LabOptions
from tests.lab.wire import End, Exchange
from tests.lab.wire import Request as Received
from tests.simulation.world import EPOCH, World

Reply = Response | ScimFailure
Observer = Callable[[Request], None]
PATH = "/scim/v2"
LOST = "The connection was lost before the answer was complete."


def _origin(number: int) -> str:
    return f"https://target{number}.example"


def address_of(number: int) -> str:
    """Return the base URL of a target."""
    return _origin(number) + PATH


class Network:
    """Carries requests to the target, each on its own way: they may overtake each other, and outlive their sender."""

    def __init__(self, world: World, number: int, options: LabOptions) -> None:
        self._world = world
        self.origin = _origin(number)
        self.target = Target(options, self.origin, clock=lambda: world.time, wall=lambda: EPOCH + world.time)
        #: Seconds one way, at least and at most.
        self.latency = (0.002, 0.02)
        #: Called with each request when it leaves, and with each exchange when it was handled.
        self.departed: Observer = lambda _: None
        self.handled: Callable[[Request, int], None] = lambda *_: None
        #: Called with each answer when a living sender has it.
        self.heard: Callable[[Response], None] = lambda _: None
        self.under_way = 0
        #: Until then (seconds) nobody accepts a connection.
        self.down_until = 0.0

    @property
    def base_url(self) -> str:
        return self.target.base_url

    def carry(self, request: Request, answer: Callable[[Reply], None]) -> None:
        """Take a request to the target; `answer` is called with what comes back, if anything does."""
        self.departed(request)
        if self._world.time < self.down_until:
            self._world.after(self._way(), lambda: answer(NotSent("Connection refused.")))
            return
        self.under_way += 1
        self._world.after(self._way(), lambda: self._arrive(request, answer))

    def _way(self) -> float:
        return self._world.random.uniform(*self.latency)

    def _arrive(self, request: Request, answer: Callable[[Reply], None]) -> None:
        self.under_way -= 1
        exchange = self.target.handle(self._received(request))
        entry = self.target.log[-1]
        if self._world.telling:
            body = (request.body or b"").decode()
            self._world.tell(
                f"{self.origin[8:]} {request.method} {entry.path} {entry.status} {entry.fault} {body}"
            )
        self.handled(request, entry.status)
        reply = _reply_of(exchange)
        if reply is not None:
            self._world.after(self._way() + exchange.delay, lambda: answer(reply))

    def _received(self, request: Request) -> Received:
        query = encode_query(request.query)
        path = PATH + request.url_path + ("?" + query if query else "")
        headers = "".join(f"{name}: {value}\r\n" for name, value in (request.headers or {}).items())
        head = f"{request.method} {path} HTTP/1.1\r\n{headers}".encode("latin-1")
        return Received(head, head.lower(), request.body or b"", 0)


def _reply_of(exchange: Exchange) -> Reply | None:
    """What the sender gets; None when it never gets anything."""
    if exchange.end is End.STALL:
        return None
    if exchange.end is not End.KEEP:
        return OutcomeUnknown(LOST)
    head, _, body = exchange.data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Response(status=int(first.split(" ")[1]), headers=headers, body=body, milliseconds=1.0)
