"""What the tests of adding an application share: a stranger that answers no SCIM, and how the steps are called."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.directory.models import User
from provisor.directory.users import create_user
from provisor.scim.schemas import USER_SCHEMA

HTMX = {"HX-Request": "true"}


def connection_address(name: str = "Target", profile: str = "generic") -> str:
    return f"/apps/add/connection?{urlencode({'profile': profile, 'name': name})}"


def typed(base_url: str, token: str = "", do: str = "test", **more: str) -> dict[str, str]:
    return {"base_url": base_url, "auth_method": "bearer", "bearer-token": token, "do": do, **more}


def step(application: Application, name: str) -> str:
    return f"/apps/{application.pk}/set-up/{name}"


def person(name: str) -> User:
    return create_user(
        {
            "schemas": [USER_SCHEMA],
            "userName": name,
            "name": {"givenName": name, "familyName": "Test"},
            "displayName": name,
            "emails": [{"value": f"{name}@example.com", "type": "work"}],
            "active": True,
        },
        actor=SYSTEM,
    )


@contextmanager
def stranger(status: int, media_type: str, body: str) -> Iterator[str]:
    """A web server that answers everything alike; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/scim/v2"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusing(detail: str) -> dict[str, str]:
    """What `stranger` needs to refuse everybody with these words."""
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401", "detail": detail}
    return {"media_type": "application/scim+json", "body": json.dumps(error)}
