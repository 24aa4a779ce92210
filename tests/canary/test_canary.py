"""Every kind of secret is planted, every face is driven, and everything that was told or stored is searched (R17)."""

import base64
import io
import json
import logging
import logging.config
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import Settings
from typer.testing import CliRunner

from provisor.applications.credentials import open_credential
from provisor.audit.actor import SYSTEM
from provisor.cli.main import app
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import Attempt
from provisor.provisioning.preview.examination import test_connection as examine_stored
from provisor.site.keys import spellings
from provisor.site.logs import logging_settings
from tests.access import matrix_world
from tests.access.matrix import rows
from tests.access.routes import address_of
from tests.canary.planting import Planted, echo, plant
from tests.canary.searching import forms_of, leaks
from tests.provisioning.installation import eventually

#: Commands that tell something, and how an application is named in them.
COMMANDS = (
    ["status"], ["status", "--json"], ["application", "list", "--json"], ["keys", "status", "--json"], ["notice", "list", "--json"],
    ["audit", "export", "--format", "jsonl"], ["audit", "export", "--format", "ocsf"], ["audit", "export", "--format", "cef"],
    ["audit", "verify", "--json"], ["application", "show", "By bearer"], ["application", "connection", "By bearer"],
    ["application", "test", "By basic", "--json"], ["plan", "By header", "--verbose"], ["explain", "ada", "By bearer"],
    ["hold", "list"], ["drift", "By bearer"], ["admin", "list"], ["token", "list"],
)  # fmt: skip


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of the service, through its real configuration."""
    root = logging.getLogger()
    kept, level, stream = root.handlers[:], root.level, io.StringIO()
    configuration = logging_settings(secrets=[django_settings.SECRET_KEY])
    configuration["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(configuration)
    root.setLevel(logging.DEBUG)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)


@pytest.fixture
def planted(
    transactional_db: None, settings: Settings, tmp_path: Path, log: io.StringIO
) -> Iterator[Planted]:
    settings.DATA_DIR = tmp_path
    settings.AUDIT_ANCHORS = ()
    with echo() as url:
        made = plant(url)
        for number, key in enumerate(settings.ENCRYPTION_KEYS.read()):
            for text in spellings(key):
                made.secrets[f"encryption key {number} {text[:2]}"] = text
        made.keep("secret key", settings.SECRET_KEY)
        yield made


def _work(made: Planted) -> None:
    """The engine meets an application that tells everything back, and so do the tests of the connection."""
    engine = make_engine()
    engine.start()
    try:
        wanted = {each.pk for each in made.applications}
        assert eventually(lambda: wanted <= set(Attempt.objects.values_list("application_id", flat=True)))
    finally:
        engine.stop()


def _pages(made: Planted) -> Iterator[tuple[str, str]]:
    """Every GET of every route in the name of every role, of both kinds."""
    values = None
    for name, caller in matrix_world.everybody(made.applications[0]).items():
        values = values or matrix_world.values(made.applications[0])
        for row in rows().values():
            if "GET" not in row.methods or row.route == "live":
                continue
            if row.pages and not caller.cookies and caller.token:
                continue
            exports = ("?export=csv", "?export=jsonl", "?export=ocsf", "?export=cef")
            for query in ("", *exports) if name == "owner" and row.pages else ("",):
                address = (row.at or address_of(row.route, values)) + query
                answer = caller.ask("GET", address, pages=row.pages)
                if answer.streaming and not answer.is_async:
                    body = b"".join(answer.streaming_content)
                else:
                    body = b"" if answer.streaming else answer.content
                yield (
                    f"{name}: GET {row.route}{query}",
                    f"{dict(answer.headers)}\n{body.decode(errors='replace')}",
                )


def _stored() -> Iterator[tuple[str, str]]:
    """Every row of every table, as whoever copies the database has it."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table in there:
                cursor.execute(f'SELECT * FROM "{table}"')
                for row in cursor.fetchall():
                    yield f"table {table}", " ".join(_text(value) for value in row)


def _text(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value)


def _tracebacks(made: Planted, log: io.StringIO) -> Iterator[tuple[str, str]]:
    """What a fault with a credential in its hands looks like, on the terminal and in the log."""
    for application in made.applications:
        credential = open_credential(application.id)
        try:
            _fail_with(credential)
        except RuntimeError:
            yield "a traceback", traceback.format_exc()
            logging.getLogger("provisor.canary").exception("It failed with %r", credential)
    yield "the log", log.getvalue()


def _fail_with(credential: object) -> None:
    raise RuntimeError(f"a fault with {credential!r}")


def _unescaped(text: str) -> str:
    """HTML writes some letters of a secret otherwise."""
    return text + text.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&").replace(
        "&#x2F;", "/"
    )


def test_r17_no_secret_of_any_kind_is_told_or_stored_anywhere(planted: Planted, log: io.StringIO) -> None:
    """The engine, the console and both interfaces for each role, exports, commands, tracebacks, the log, the database."""
    _work(planted)
    assert not examine_stored(planted.applications[1].id, actor=SYSTEM)["ok"]
    secrets, found, looked_at = planted.secrets, set(), 0

    def look(where: str, text: str) -> None:
        nonlocal looked_at
        looked_at += 1
        found.update((name, where) for name in leaks(_unescaped(text), secrets))

    for where, text in _pages(planted):
        look(where, text)
    for command in COMMANDS:
        done = CliRunner().invoke(app, command)
        look(f"provisor {' '.join(command)}", done.output + done.stderr)
    for where, text in (*_stored(), *_tracebacks(planted, log)):
        look(where, text)
    assert found == set()
    assert looked_at > 1_000
    assert Attempt.objects.filter(response__isnull=False).exists(), (
        "the echo was recorded, with its secrets taken out"
    )


@pytest.mark.parametrize(
    "form",
    [
        lambda s: s,
        json.dumps,
        lambda s: quote(s, safe=""),
        lambda s: s.encode().hex(),
        lambda s: base64.b64encode(s.encode()).decode(),
        lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
        lambda s: base64.b64encode(f"us:{s}!".encode()).decode(),
        lambda s: base64.urlsafe_b64encode(f"u:{s}".encode()).decode(),
    ],
)
def test_the_search_finds_a_secret_in_each_form(form: Callable[[str], str]) -> None:
    """Else it would claim anything."""
    secret = "canary/with+every=thing ü"
    assert leaks(f"before {form(secret)} after", {"it": secret}) == {"it"}
    assert not leaks("before nothing after", {"it": secret})
    assert all(len(each) > 10 for each in forms_of(secret))
