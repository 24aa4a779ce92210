"""An installation in which every kind of secret is stored, and an application that sends back whatever it is given."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from allauth.mfa.models import Authenticator
from django.db import transaction

from provisor.access.accounts import create_account
from provisor.access.tokens import issue
from provisor.applications.applications import create_application
from provisor.applications.connections import store_client_certificate
from provisor.applications.credentials import store_credential
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.users import create_user
from provisor.notices.channels import add_webhook
from provisor.notices.events import EVENTS
from provisor.vault.sealing import binding, seal_text
from tests.certificates import make_authority


@contextmanager
def echo() -> Iterator[str]:
    """An application that answers everything with what it was sent, headers and all, as an error; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
            told = f"{self.command} {self.path} {dict(self.headers)} {body}"
            data = json.dumps(
                {"status": "400", "scimType": told[:200], "detail": told, "Resources": [told]}
            ).encode()
            self.send_response(400)
            self.send_header("Content-Type", "application/scim+json")
            self.send_header("X-Echo", self.headers.get("Authorization", ""))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/scim"
        server.shutdown()
        thread.join()


@dataclass
class Planted:
    """What was stored: the secrets by a name for people, and the applications."""

    secrets: dict[str, str] = field(default_factory=dict)
    applications: list[Application] = field(default_factory=list)

    def keep(self, name: str, secret: str) -> str:
        self.secrets[name] = secret
        return secret


def plant(base_url: str) -> Planted:
    """Store one secret of every kind through the services that people use."""
    made = Planted()
    word = made.keep("password", "canary/owner password+1")
    owner = create_account("canaries@example.com", word, "owner", SYSTEM)
    made.keep("API token", issue(owner, "a token", "owner", SYSTEM)[1])
    _plant_credentials(made, base_url)
    _plant_connection(made)
    url = f"https://hooks.example.com/{made.keep('path of a webhook', 'canary-path/of a hook?x=&y')}"
    made.keep("secret of a webhook", add_webhook(url.replace(" ", "%20"), EVENTS, actor=SYSTEM)[1])
    secret = made.keep("authenticator app", "JBSWY3DPEHPK3PXPCANARYTOTPSECRET")
    with transaction.atomic():
        sealed = seal_text(secret, bound_to=binding("mfa_authenticator", owner.pk, "secret"))
        Authenticator.objects.create(user=owner, type="totp", data={"secret": sealed})
    return made


def _plant_credentials(made: Planted, base_url: str) -> None:
    ways = {
        "bearer": {"token": made.keep("bearer token", "canary-bearer/token+0123")},
        "basic": {"username": "someone", "password": made.keep("basic password", "canary-basic:pass word")},
        "header": {"name": "X-API-Key", "value": made.keep("header value", "canary-header-value-0123")},
        "oauth2_client_credentials": {
            "token_url": base_url + "/token",
            "client_id": "client",
            "client_secret": made.keep("client secret", "canary-client/secret=0123"),
        },
    }
    ada = create_user(
        {"userName": "ada", "emails": [{"value": "ada@example.com", "type": "work"}]}, actor=SYSTEM
    )
    for method, values in ways.items():
        application = create_application(
            name=f"By {method}", base_url=base_url, auth={"method": method, **values}, actor=SYSTEM
        )
        group = create_group(f"Group of {method}", actor=SYSTEM)
        add_members(group.id, [ada.id], actor=SYSTEM)
        create_policy(name=f"Policy of {method}", application=application, group=group, actor=SYSTEM)
        made.applications.append(application)
    second = {"token": made.keep("second bearer token", "canary-second-bearer-0123")}
    store_credential(made.applications[0].id, "bearer", second, slot="secondary", actor=SYSTEM)


def _plant_connection(made: Planted) -> None:
    issued = make_authority().issue("provisor.example.com")
    store_client_certificate(made.applications[0].id, issued.certificate, issued.key, actor=SYSTEM)
    made.keep("key of a certificate", "".join(issued.key.split("\n")[1:3]))
    made.keep("key of a certificate, first line", issued.key.split("\n")[1])
