"""No other code opens a socket (R16): read in the source, and watched while the service runs.

CVE-2026-27945 and CVE-2026-55671 are of senders that went round the guard: notifications, logout, metadata.
"""

import ast
import asyncio
import socket
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import pytest
from django.utils import timezone

import provisor
from provisor.audit import anchoring
from provisor.audit.actor import SYSTEM
from provisor.notices.channels import add_email, add_webhook
from provisor.notices.courier import Courier
from provisor.notices.events import EVENTS
from provisor.notices.outbox import begin
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.preview.examination import examine
from provisor.provisioning.store import Store
from provisor.scim.transport import Transport
from tests.provisioning.conftest import installation, lab_process, target  # noqa: F401 - fixtures
from tests.provisioning.installation import Installation, eventually, now
from tests.servers.sinks import hook_sink, mail_sink

SOURCE: Final = Path(provisor.__file__).parent

#: What can open a connection, by the name of the module, or of the function where the module does other things too.
OPENERS: Final = frozenset(
    {
        "socket", "ssl", "http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "smtplib", "ftplib",
        "poplib", "imaplib", "telnetlib", "nntplib", "xmlrpc", "websockets", "ldap3", "paramiko", "pycurl", "subprocess",
        "django.core.mail", "multiprocessing.connection",
        "open_connection", "create_connection", "open_unix_connection", "create_datagram_endpoint", "sock_connect",
        "start_server", "create_server", "create_subprocess_exec", "create_subprocess_shell", "popen", "system",
    }
)  # fmt: skip

#: Who may, and for what. A new line here is a decision of security.
ALLOWED: Final[dict[str, dict[str, str]]] = {
    "scim/transport.py": dict.fromkeys(("socket", "ssl", "aiohttp"), "the door itself"),
    "scim/transport_body.py": {"aiohttp": "types of bodies that the door sends"},
    "scim/transport_failures.py": dict.fromkeys(("socket", "ssl", "aiohttp"), "names of failures at the door"),
    "scim/client_certificate.py": {"ssl": "gives the door's context its certificate"},
    "access/portal_accounts.py": {"django.core.mail": "letters about the portal, which go into the outbox"},
    "access/sign_in.py": {"django.core.mail": "the name of a letter, which goes into the outbox"},
    "access/letters.py": {
        "smtplib": "the name of a failure", "django.core.mail": "letters of sign-in, to that server",
    },
    "cli/serving.py": {"socket": "listens; connects nowhere"},
    "notices/delivery.py": {
        "smtplib": "the name of a failure", "django.core.mail": "e-mail to the server of PROVISOR_EMAIL_URL",
    },
    "console/settings/notifications.py": {
        "smtplib": "the name of a failure", "django.core.mail": "the test message to that server",
    },
    "sample/keeper.py": {"socket": "a type"},
    "sample/process.py": {
        "socket": "the listening socket that the test target is given", "subprocess": "starts the test target",
    },
    "sample/server.py": {"socket": "the test target's process takes the listening socket over"},
    "cli/demo/snapshot.py": {"urllib.request": "`provisor demo` reads its own target on loopback, and ends"},
}  # fmt: skip


#: Those that are functions: they count wherever they are called, on whatever.
FUNCTIONS: Final = frozenset(name for name in OPENERS if "_" in name or name in {"popen", "system"})


def openers_in(source: str) -> set[str]:
    """What of `OPENERS` a file imports, or calls on whatever object."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{each.name}" for each in node.names}
            names |= {each.name for each in node.names} & FUNCTIONS
        elif isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
            names.add(node.attr)
    return {known for known in OPENERS if any(f"{name}.".startswith(f"{known}.") for name in names)}


def test_r16_only_named_files_can_open_a_socket() -> None:
    """Every import and every call that could, in every file of the package; what is listed and gone is told, too."""
    found = {
        str(path.relative_to(SOURCE)): used
        for path in sorted(SOURCE.rglob("*.py"))
        if (used := openers_in(path.read_text(encoding="utf-8")))
    }
    assert found == {name: set(reasons) for name, reasons in ALLOWED.items()}


@pytest.mark.parametrize(
    "line",
    [
        "import socket",
        "from socket import create_connection",
        "import urllib.request as friendly",
        "from urllib import request",
        "import http.client",
        "from http import client",
        "def f():\n    import requests.sessions",
        "import asyncio\nasync def f():\n    await asyncio.open_connection('a', 1)",
        "async def f(loop):\n    await loop.create_connection(None, 'a', 1)",
        "from django.core.mail import send_mail",
        "from django.core import mail",
        "from asyncio import open_connection as o",
        "import os\nos.system('curl example.com')",
    ],
)
def test_the_reader_of_the_source_sees_every_way_to_open_one(line: str) -> None:
    assert openers_in(line)


@dataclass
class Watch:
    """Every connection of this process while it is on, with the stack that asked for it."""

    on: bool = False
    through_the_door: int = 0
    by_mail: int = 0
    others: list[str] = field(default_factory=list)
    made: WeakSet[socket.socket] = field(default_factory=WeakSet)

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event != "socket.connect":
            return
        connecting, address = arguments
        stack = traceback.extract_stack()
        if connecting in self.made:
            self.through_the_door += 1
        elif any(frame.filename.endswith("/smtplib.py") for frame in stack):
            self.by_mail += 1
        else:
            self.others.append(
                f"{address}: " + " < ".join(f"{each.filename}:{each.lineno}" for each in stack[-6:])
            )


_WATCH: Final = Watch()
_HOOKED: list[bool] = []


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """A hook of the interpreter cannot be taken away, so it is put in once and switched."""
    if not _HOOKED:
        sys.addaudithook(_WATCH.see)
        _HOOKED.append(True)
    make = Transport._socket

    def made(self: Transport, information: Any) -> socket.socket:
        one = make(self, information)
        _WATCH.made.add(one)
        return one

    monkeypatch.setattr(Transport, "_socket", made)
    _WATCH.through_the_door, _WATCH.by_mail, _WATCH.on = 0, 0, True
    _WATCH.others.clear()
    yield _WATCH
    _WATCH.on = False
    _WATCH.made.clear()


def _deliver() -> int:
    async def once() -> int:
        store = Store()
        try:
            return await Courier(store, now).deliver()
        finally:
            await store.end()

    return asyncio.run(once())


@pytest.fixture
def mail_server(settings: Any) -> Iterator[Any]:
    with mail_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_IS_SET, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", sink.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield sink


def test_r16_every_connection_of_a_running_service_is_made_by_the_door_or_is_mail(  # noqa: PLR0917 - fixtures
    installation: Installation,  # noqa: F811
    target: Any,  # noqa: F811
    mail_server: Any,
    settings: Any,
    tmp_path: Path,
    watch: Watch,
) -> None:
    """The engine as it serves, the test of a connection, tokens, webhooks, anchors and e-mail."""
    settings.DATA_DIR = tmp_path
    assert examine(target.base_url, "bearer", {"token": target.token})["ok"]
    examined = watch.through_the_door
    assert examined
    engine = make_engine()
    engine.start()
    try:
        ada = installation.user("ada")
        installation.granted("Engineering", ada)
        assert eventually(lambda: installation.states().get("in_sync") == 2)
    finally:
        engine.stop()
    provisioned = watch.through_the_door
    assert provisioned > examined
    with hook_sink() as sink:
        add_email("ops@example.com", EVENTS, actor=SYSTEM)
        add_webhook(sink.url, EVENTS, actor=SYSTEM)
        begin("restored", "A test.", now=now())
        assert _deliver() == 2
        settings.AUDIT_ANCHORS = (sink.url,)
        for errand in anchoring.take_due(timezone.now()):
            assert asyncio.run(anchoring.carry(errand)) == ""
        _ask_for_a_token(installation, sink.url)
        assert len(sink.posted) == 3
    assert (watch.through_the_door - provisioned, watch.by_mail) == (3, 1)
    assert watch.others == []


def _ask_for_a_token(installation: Installation, url: str) -> None:  # noqa: F811
    """The sink gives none; that it was asked is the point."""
    values = {"token_url": url.partition("?")[0], "client_id": "c", "client_secret": "a long secret"}
    examine(installation.base_url, "oauth2_client_credentials", values)


def test_the_watch_sees_a_connection_that_goes_round_the_door(watch: Watch) -> None:
    """Else it would claim anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname()).close()
    assert len(watch.others) == 1
