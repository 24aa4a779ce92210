"""The lab target itself: from one HTTP request to its answer, with limits, faults and the request log."""

import time
from collections.abc import Callable
from email.utils import formatdate
from math import ceil
from typing import Any
from urllib.parse import unquote

import orjson

from tests.lab.answers import Refusal, Reply, html
from tests.lab.bulk import run_bulk
from tests.lab.discovery import configuration, listing, resource_types, schemas
from tests.lab.faults import Faults
from tests.lab.limits import Limits
from tests.lab.log import Entry, as_json
from tests.lab.options import Fault, FaultKind, LabOptions, RetryAfter
from tests.lab.rendering import query_of
from tests.lab.resources import Done, Resources
from tests.lab.store import Store
from tests.lab.wire import End, Exchange, Request, pack

BASE_PATH = "/scim/v2"
CONTROL_PATH = "/_lab/"
_CONFIGURATIONS = ("ServiceProviderConfig", "ServiceProviderConfigs")


class Target:
    """A SCIM target with a dialect. `clock` (seconds, monotonic) and `wall` (Unix seconds) may be virtual."""

    def __init__(
        self,
        options: LabOptions,
        origin: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = origin + BASE_PATH
        self._clock = clock
        self._wall = wall
        self.options = options
        self.reset()

    def reset(self) -> None:
        """Forget all resources and all requests, and arm limits and faults afresh; the options stay."""
        self.store = Store(self.options)
        self.log: list[Entry] = []
        self._started = self._clock()
        self.set_options(self.options)

    def set_options(self, options: LabOptions) -> None:
        """Change the dialect while running; limits and faults are armed afresh, resources stay."""
        self.options = options
        self.resources = Resources(self.store, options, self.base_url, self._wall)
        self._authorization_line = f"\r\nAuthorization: Bearer {options.token}\r\n".encode()
        self._limits = Limits(options.limits, self._clock()) if options.limits else None
        self._faults = Faults(options.faults, options.seed) if options.faults else None

    def handle(self, request: Request) -> Exchange:
        """What the connection does for a request."""
        if request.path.startswith(CONTROL_PATH):
            return Exchange(pack(self._control(request)))
        at = self._clock() - self._started
        fault = (
            self._faults.strike(request.method, request.path.removeprefix(BASE_PATH))
            if self._faults
            else None
        )
        reply = self._reply(request, fault)
        self.log.append(self._entry(request, reply, fault, at))
        return self._exchange(reply, fault)

    def _entry(self, request: Request, reply: Reply, fault: Fault | None, at: float) -> Entry:
        query = "?" + request.query if request.query else ""
        path = request.path.removeprefix(BASE_PATH) + query
        struck = fault.kind.value if fault else ""
        sizes = len(request.body), len(reply.body)
        if not self.options.keep_requests:
            return Entry(len(self.log) + 1, at, request.method, path, reply.status, *sizes, struck)
        return Entry(
            len(self.log) + 1,
            at,
            request.method,
            path,
            reply.status,
            *sizes,
            struck,
            body=request.body,
            content_type=request.header(b"content-type"),
            created=_created(reply),
        )

    def _exchange(self, reply: Reply, fault: Fault | None) -> Exchange:
        delay = self.options.latency_ms / 1000
        if fault is None or fault.kind in (FaultKind.STATUS, FaultKind.HTML):
            return Exchange(pack(reply), delay)
        if fault.kind is FaultKind.TRUNCATE:
            data = pack(reply)
            return Exchange(data[: len(data) - max(1, len(reply.body) // 2)], delay, End.CLOSE)
        if fault.kind is FaultKind.DRIP:
            return Exchange(pack(reply), delay, End.DRIP)
        return Exchange(b"", delay, End.RESET if fault.kind is FaultKind.RESET else End.STALL)

    def _reply(self, request: Request, fault: Fault | None) -> Reply:
        if fault is not None and not fault.handled and fault.kind not in _ANSWERED:
            return _struck(fault)
        try:
            reply = self._admitted(request)
        except Refusal as refusal:
            reply = refusal.reply()
        if fault is not None and fault.kind in (FaultKind.STATUS, FaultKind.HTML):
            return _struck(fault)
        return reply

    def _admitted(self, request: Request) -> Reply:
        if not (request.has_line(self._authorization_line) or self._is_authorized(request)):
            return Refusal(401, "The bearer token is missing or wrong.").reply(
                (("WWW-Authenticate", "Bearer"),)
            )
        if self._limits is not None:
            wait = self._limits.wait(request.method, _collection_of(request.path), self._clock())
            if wait:
                return Refusal(429, "Too many requests.").reply(self._retry_after(wait))
        if self.options.constant_answer:
            return _reply(Done(200, listing([])))
        return self._act(request)

    def _is_authorized(self, request: Request) -> bool:
        scheme, _, token = request.header(b"authorization").partition(" ")
        return scheme.lower() == "bearer" and token.strip() == self.options.token

    def _retry_after(self, wait: float) -> tuple[tuple[str, str], ...]:
        if self.options.retry_after is RetryAfter.NONE:
            return ()
        if self.options.retry_after is RetryAfter.SECONDS:
            return (("Retry-After", str(ceil(wait))),)
        # A date has no fractions: the next full second after the token is there.
        return (("Retry-After", formatdate(ceil(self._wall() + wait), usegmt=True)),)

    def _act(self, request: Request) -> Reply:
        if not request.path.startswith(BASE_PATH + "/"):
            raise Refusal(404, f"The base address is {self.base_url}.")
        path = request.path[len(BASE_PATH) :]
        if request.method == "GET":
            return self._get(path, request)
        data = self._data(request) if request.method != "DELETE" else {}
        if path == "/Bulk" and request.method == "POST":
            return _reply(run_bulk(data, len(request.body), self.options, self.write))
        if_match = request.header(b"if-match") if request.method != "POST" else ""
        return _reply(self.write(request.method, path, data, if_match))

    def write(self, method: str, path: str, data: dict[str, Any], if_match: str = "") -> Done:
        """One write, from HTTP or out of a bulk request; raises Refusal."""
        name, _, rest = path[1:].partition("/")
        resource_id = unquote(rest)
        if method == "POST" and not rest:
            return self.resources.create(name, data)
        if not rest or "/" in rest:
            raise Refusal(404, f"There is nothing at {path} for {method}.")
        if method == "PATCH":
            return self.resources.patch(name, resource_id, data, if_match)
        if method == "PUT":
            return self.resources.put(name, resource_id, data, if_match)
        if method == "DELETE":
            return self.resources.delete(name, resource_id, if_match)
        raise Refusal(405, f"{method} is not allowed here.")

    def _get(self, path: str, request: Request) -> Reply:
        name, _, rest = path[1:].partition("/")
        query = query_of(request.query)
        if name in ("Users", "Groups"):
            if rest:
                none_match = request.header(b"if-none-match")
                return _reply(self.resources.read(name, unquote(rest), query, none_match))
            return _reply(self.resources.search(name, query))
        return self._discover(name, rest)

    def _discover(self, name: str, rest: str) -> Reply:
        if name in _CONFIGURATIONS and not rest:
            found = configuration(name, self.options)
            return found if isinstance(found, Reply) else _reply(Done(200, found))
        lists = {"ResourceTypes": resource_types, "Schemas": schemas}
        if name not in lists:
            raise Refusal(404, f"There is no /{name}.")
        document = lists[name](self.options)
        if not rest:
            return _reply(Done(200, document))
        for resource in document["Resources"]:
            if resource["id"] == unquote(rest):
                return _reply(Done(200, resource))
        raise Refusal(404, f'There is no "{rest}" in /{name}.')

    def _data(self, request: Request) -> dict[str, Any]:
        wanted = self.options.content_type
        if wanted and request.header(b"content-type").partition(";")[0] != wanted:
            raise Refusal(415, f"The content type must be {wanted}.")
        try:
            data = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Refusal(400, "The body is no JSON.", "invalidSyntax") from None
        if not isinstance(data, dict):
            raise Refusal(400, "The body must be an object.", "invalidSyntax")
        return data

    def _control(self, request: Request) -> Reply:
        act = request.path.removeprefix(CONTROL_PATH)
        try:
            return Reply(
                200, orjson.dumps(self._controlled(request.method, act, request)), (), "application/json"
            )
        except (LookupError, ValueError, TypeError) as error:
            return Reply(400, orjson.dumps({"error": str(error)}), (), "application/json")

    def _controlled(self, method: str, act: str, request: Request) -> Any:
        if (method, act) == ("POST", "options"):
            self.set_options(self.options.changed(orjson.loads(request.body)))
        elif (method, act) == ("POST", "reset"):
            self.reset()
        elif (method, act) == ("GET", "state"):
            return self.state()
        elif (method, act) == ("GET", "requests"):
            query = query_of(request.query)
            after = int(query.get("after", 0))
            return [as_json(entry, whole=bool(query.get("whole"))) for entry in self.log[after:]]
        elif act != "options":
            raise LookupError(f'The lab has no "{method} {CONTROL_PATH}{act}".')
        return self.options.as_json()

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that is stored, as it is: no vice spoils it."""
        store = self.store
        return {
            "Users": [record.whole() for record in store.users.ordered()],
            "Groups": [record.whole() for record in store.groups.ordered()],
        }


#: Faults of the answer: what was asked for is done.
_ANSWERED = frozenset({FaultKind.TRUNCATE, FaultKind.DRIP})


def _struck(fault: Fault) -> Reply:
    if fault.kind is FaultKind.HTML:
        return html(fault.status or 200)
    wait = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
    # A fault that shows no answer (reset, stall) is logged as status 0.
    return Refusal(fault.status, "The lab was told to fail here.").reply(wait) if fault.status else Reply(0)


def _reply(done: Done) -> Reply:
    headers: tuple[tuple[str, str], ...] = (("ETag", done.etag),) if done.etag else ()
    if done.status == 201:
        headers = (("Location", done.location), *headers)
    return Reply(done.status, b"" if done.document is None else orjson.dumps(done.document), headers)


def _created(reply: Reply) -> str:
    location = dict(reply.headers).get("Location", "") if reply.status == 201 else ""
    return location.rpartition("/")[2]


def _collection_of(path: str) -> str:
    return "/" + path.removeprefix(BASE_PATH)[1:].partition("/")[0]
