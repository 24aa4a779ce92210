"""The process of a test target: scim2-server on a socket that is given, keeping what it holds in a file.

`python -m provisor.sample.server DESCRIPTOR [FILE]`: the listening socket, and where resources are kept between two
runs; without a file they end with the process. The first line of standard input is the bearer token that opens it;
the end of that input is the end of the process.
"""

import itertools
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler

from scim2_models import Resource, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.testserver.cli import ThreadingWSGIServer
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

READY: Final = "ready"
#: Seconds between two writes of the file while resources change.
_SAVED_EVERY: Final = 1.0


class KeptStorage(InMemoryStorage):
    """The storage of scim2-server, read from a file at the start and written there after changes."""

    def __init__(self, file: Path, provider: ScimProvider) -> None:
        """Raises ValueError for a file that holds no resources."""
        super().__init__()
        self._file = file
        self._changed = threading.Event()
        self._writing = threading.Lock()
        if file.exists():
            self.resources = [_resource(provider, one) for one in json.loads(file.read_bytes())]
            # No version of the former run may come back for another state.
            self.versions = itertools.count(max(map(_version, self.resources), default=0) + 1)

    def create(self, *arguments: Any, **named: Any) -> Any:
        made = super().create(*arguments, **named)
        self._changed.set()
        return made

    def update(self, *arguments: Any, **named: Any) -> Any:
        updated = super().update(*arguments, **named)
        self._changed.set()
        return updated

    def delete(self, *arguments: Any, **named: Any) -> None:
        super().delete(*arguments, **named)
        self._changed.set()

    def save(self) -> None:
        """Write everything, whole or not at all."""
        with self._writing:
            self._changed.clear()
            with self.lock:
                text = json.dumps([one.model_dump() for one in self.resources])
            draft = self._file.with_suffix(".new")
            with draft.open("w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self._file)

    def save_changes(self) -> None:
        """Write after each change, and not more often than `_SAVED_EVERY`; returns never."""
        while True:
            self._changed.wait()
            self.save()
            time.sleep(_SAVED_EVERY)


def _resource(provider: ScimProvider, document: dict[str, Any]) -> Resource[Any]:
    model: Any = provider.model_for(document["meta"]["resourceType"])
    found: Resource[Any] = model.model_validate(document)
    return found


def _version(resource: Resource[Any]) -> int:
    """The number within the entity tag that scim2-server makes: `W/"7"`."""
    assert resource.meta is not None
    return int((resource.meta.version or "").strip('W/"') or 0)


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the method overrides
        """Print no line for each request: the file would grow without end."""


def serve(listener: socket.socket, token: str, file: Path | None) -> None:
    """Answer until standard input ends; then write what is held, and end the process."""
    config = load_default_service_provider_config()
    config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
    schemas, types = load_default_schemas().values(), load_default_resource_types().values()
    provider = ScimProvider.from_discovery(schemas, types, config=config)
    storage = InMemoryStorage() if file is None else KeptStorage(file, provider)
    threading.Thread(target=_end_with_input, args=(storage,), daemon=True).start()
    if isinstance(storage, KeptStorage):
        threading.Thread(target=storage.save_changes, daemon=True).start()
    service = ScimService(provider, secret=token)
    with _server(listener) as server:
        server.set_app(BearerTokenApplication(storage, provider, service=service, bearer_tokens=[token]))
        print(READY, flush=True)  # noqa: T201 - who started us waits for it
        server.serve_forever()


def _server(listener: socket.socket) -> ThreadingWSGIServer:
    """A server on a socket that listens already."""
    address = listener.getsockname()
    server = ThreadingWSGIServer(address, _QuietHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_address, server.server_name, server.server_port = address, address[0], address[1]
    server.setup_environ()
    return server


def _end_with_input(storage: InMemoryStorage) -> None:
    sys.stdin.buffer.read()
    if isinstance(storage, KeptStorage):
        storage.save()
    os._exit(0)


def main() -> None:
    """Read what is asked for, and serve it."""
    # The signals of a terminal or a service go to every process of it; this one ends last, by its input.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else None  # noqa: PLR2004 - the second argument
    os.umask(0o077)
    token = sys.stdin.buffer.readline().decode("ascii").strip()
    serve(socket.socket(fileno=int(sys.argv[1])), token, file)


if __name__ == "__main__":
    main()
