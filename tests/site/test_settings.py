"""Every variable of design section 7: what it does, and the sentence for a value that cannot be used."""

import base64
import os
import runpy
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from provisor.site import settings
from provisor.site.environment import SettingsError

KEY = bytes(range(32))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run the settings module with exactly these variables; the data directory does not exist."""

    def run(**variables: str) -> dict[str, Any]:
        for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PROVISOR_DATA_DIR", str(tmp_path / "data"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(settings.__file__)

    return run


def test_reading_the_settings_needs_and_makes_no_data_directory(read, tmp_path: Path):
    """Type checkers and tests import the settings on a bare checkout."""
    found = read()
    assert len(found["ENCRYPTION_KEYS"].read()[0]) == 32
    assert len(found["SECRET_KEY"]) >= 50
    assert not (tmp_path / "data").exists()


def test_the_default_is_sqlite_in_the_data_directory_with_durable_commits(read, tmp_path: Path):
    """WAL, FULL, IMMEDIATE and a time-out of 20 s, and no transaction around each page."""
    database = read()["DATABASES"]["default"]
    assert database["NAME"] == str(tmp_path / "data" / "provisor.sqlite3")
    assert database["OPTIONS"] == {
        "transaction_mode": "IMMEDIATE",
        "cached_statements": 1000,
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;",
    }
    assert "ATOMIC_REQUESTS" not in database


def test_the_default_data_directory_is_var_below_where_one_stands(
    read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """`./var`, made absolute, so that a later change of directory moves nothing."""
    monkeypatch.chdir(tmp_path)
    assert read(PROVISOR_DATA_DIR="")["DATA_DIR"] == tmp_path / "var"


def test_a_postgresql_address_is_taken_apart_and_percent_decoded(read):
    """User and password may hold any character, percent-encoded."""
    url = "postgresql://us%40er:p%2Fa%23ss@db.example.com:6432/prov?sslmode=require&connect_timeout=5"
    database = read(PROVISOR_DATABASE_URL=url)["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["USER"], database["PASSWORD"]) == ("us@er", "p/a#ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.com", "6432", "prov")
    assert database["OPTIONS"] == {"sslmode": "require", "connect_timeout": "5"}


def test_a_postgresql_socket_directory_is_given_as_the_host_option(read):
    """The way of libpq to name a directory of Unix sockets."""
    database = read(PROVISOR_DATABASE_URL="postgres:///prov?host=/run/postgresql")["DATABASES"]["default"]
    assert (database["HOST"], database["PORT"]) == ("/run/postgresql", "")


@pytest.mark.parametrize(
    "text", [KEY.hex(), base64.b64encode(KEY).decode(), base64.urlsafe_b64encode(KEY).decode().rstrip("=")]
)
def test_the_encryption_key_is_read_from_hexadecimal_and_base64(read, text: str):
    """Both alphabets of RFC 4648, with or without padding."""
    assert read(PROVISOR_ENCRYPTION_KEY=text)["ENCRYPTION_KEYS"].read() == (KEY,)


def test_secrets_may_stand_in_files(read, tmp_path: Path):
    """`VARIABLE_FILE` names a file, as container platforms mount them; a final line break does not count."""
    contents = {
        "PROVISOR_SECRET_KEY": "s" * 40,
        "PROVISOR_ENCRYPTION_KEY": KEY.hex(),
        "PROVISOR_DATABASE_URL": "postgresql://user:word@host/name",
        "PROVISOR_EMAIL_URL": "smtps://user:word@mail.example.com",
    }
    files = {}
    for name, content in contents.items():
        file = tmp_path / name
        file.write_text(content + "\n", encoding="utf-8")
        files[f"{name}_FILE"] = str(file)
    found = read(**files)
    assert found["SECRET_KEY"] == "s" * 40
    assert found["ENCRYPTION_KEYS"].read() == (KEY,)
    assert found["DATABASES"]["default"]["PASSWORD"] == "word"
    assert found["EMAIL_HOST_PASSWORD"] == "word"


def test_places_of_anchors_are_files_and_webhooks(read):
    """Each once; every hour, unless another interval is set."""
    found = read(PROVISOR_AUDIT_ANCHORS="/var/a.jsonl https://a.example.com/x /var/a.jsonl")
    assert found["AUDIT_ANCHORS"] == ("/var/a.jsonl", "https://a.example.com/x")
    assert found["AUDIT_ANCHOR_MINUTES"] == 60
    assert read()["AUDIT_ANCHORS"] == ()
    assert read(PROVISOR_AUDIT_ANCHOR_MINUTES="5")["AUDIT_ANCHOR_MINUTES"] == 5


def test_allowed_hosts_are_local_unless_given_and_hold_the_public_host(read):
    """What the public URL names is always answered."""
    assert read()["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    found = read(
        PROVISOR_ALLOWED_HOSTS="a.example.com, .b.example.com", PROVISOR_PUBLIC_URL="https://c.example.com"
    )
    assert found["ALLOWED_HOSTS"] == ["a.example.com", ".b.example.com", "c.example.com"]


def test_an_https_public_url_makes_host_cookies_and_hsts(read):
    """`__Host-` cookies need Secure; over http browsers would drop them, so they follow the public URL."""
    secure = read(PROVISOR_PUBLIC_URL="https://id.example.com")
    assert secure["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert secure["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert secure["SESSION_COOKIE_SECURE"]
    assert secure["CSRF_COOKIE_SECURE"]
    assert secure["CSRF_TRUSTED_ORIGINS"] == ["https://id.example.com"]
    assert secure["HSTS_SECONDS"] == 31_536_000
    plain = read(PROVISOR_PUBLIC_URL="http://localhost:8000/")
    assert plain["SESSION_COOKIE_NAME"] == "provisor-session"
    assert not plain["SESSION_COOKIE_SECURE"]
    assert plain["PUBLIC_URL"] == "http://localhost:8000"
    assert plain["HSTS_SECONDS"] == 0


def test_private_targets_become_networks(read):
    """Separated by commas or white space; a bare address is a network of one."""
    assert read()["PRIVATE_TARGETS"] == ()
    found = read(PROVISOR_PRIVATE_TARGETS="10.20.0.0/16, 127.0.0.1  ::1/128")["PRIVATE_TARGETS"]
    assert found == (ip_network("10.20.0.0/16"), ip_network("127.0.0.1/32"), ip_network("::1/128"))


def test_email_leaves_only_when_a_mail_server_is_named(read):
    """Without one the dummy backend swallows it, and `EMAIL_IS_SET` says so."""
    assert read()["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    assert not read()["EMAIL_IS_SET"]
    found = read(
        PROVISOR_EMAIL_URL="smtp+starttls://u%40x:p@mail.example.com",
        PROVISOR_EMAIL_FROM="Prov <a@b.example>",
    )
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_USER"]) == (
        "mail.example.com",
        587,
        "u@x",
    )
    assert found["EMAIL_USE_TLS"]
    assert not found["EMAIL_USE_SSL"]
    assert found["DEFAULT_FROM_EMAIL"] == "Prov <a@b.example>"
    assert (
        read(PROVISOR_PUBLIC_URL="https://id.example.com")["DEFAULT_FROM_EMAIL"] == "provisor@id.example.com"
    )


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PROVISOR_SECRET_KEY", "short-canary", "has only 12 characters"),
        ("PROVISOR_SECRET_KEY_FILE", "/nowhere/key", 'names "/nowhere/key", which cannot be read'),
        ("PROVISOR_ENCRYPTION_KEY", "canary-not-a-key", "is not a key of 32 bytes"),
        ("PROVISOR_AUDIT_ANCHORS", "/a/file anchors.example.com/canary", "neither an absolute path"),
        ("PROVISOR_AUDIT_ANCHOR_MINUTES", "0", "a number of minutes"),
        ("PROVISOR_AUDIT_ANCHOR_MINUTES", "1.5", "a number of minutes"),
        ("PROVISOR_ENCRYPTION_KEY", KEY.hex()[:-2], "is not a key of 32 bytes"),
        ("PROVISOR_DATABASE_URL", "mysql://canary@h/n", 'begins with "mysql://"'),
        ("PROVISOR_DATABASE_URL", "canary", "begins with something that is no scheme"),
        ("PROVISOR_DATABASE_URL", "postgresql://u:canary@h", "names no database"),
        ("PROVISOR_DATABASE_URL", "postgresql://u:canary@h/a/b", "names no database"),
        ("PROVISOR_DATABASE_URL", "postgresql://u:canary@h:port/n", "has a port that is no number"),
        ("PROVISOR_DATABASE_URL", "postgresql://u:can#ary@h/n", 'has a "#" in it'),
        ("PROVISOR_DATABASE_URL", "postgresql://u:canary@[h/n", "is not an address"),
        ("PROVISOR_DATABASE_URL", "postgresql://u:canary@h/n?ssl=1", 'has the unknown option "ssl"'),
        ("PROVISOR_DATABASE_URL", "postgresql://u:canary@h/n?ssl", "has options that are not name=value"),
        ("PROVISOR_ALLOWED_HOSTS", "https://a.example", 'has "https://a.example", which is no host name'),
        ("PROVISOR_ALLOWED_HOSTS", "a.example:80", 'has "a.example:80", which is no host name'),
        ("PROVISOR_ALLOWED_HOSTS", "*", 'has "*", which is no host name'),
        ("PROVISOR_PUBLIC_URL", "id.example.com", "is no http:// or https:// address"),
        ("PROVISOR_PUBLIC_URL", "https://id.example.com/base", "has more than scheme, host and port"),
        ("PROVISOR_PUBLIC_URL", "https://id.example.com:x", "its port is no number"),
        ("PROVISOR_PRIVATE_TARGETS", "10.0.0.0/33", 'has "10.0.0.0/33", which is no network'),
        (
            "PROVISOR_PRIVATE_TARGETS",
            "10.0.0.5/8",
            "is an address inside a network. Expected: the network itself, 10.0.0.0/8",
        ),
        ("PROVISOR_PRIVATE_TARGETS", "intranet", 'has "intranet", which is no network'),
        ("PROVISOR_EMAIL_URL", "mail.example.com", "is no address of a mail server"),
        ("PROVISOR_EMAIL_URL", "imap://u:canary@h", "is no address of a mail server"),
        ("PROVISOR_EMAIL_URL", "smtp://u:canary@h/path", "has more than scheme"),
        ("PROVISOR_EMAIL_URL", "smtp://u:canary@h:x", "its port is no number"),
        ("PROVISOR_EMAIL_FROM", "nobody", 'is "nobody", which is no e-mail address'),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence_that_names_the_variable(
    read, variable: str, value: str, says: str
):
    """Which variable, what is wrong, what is expected, and never the secret itself (R17)."""
    with pytest.raises(SettingsError) as caught:
        read(**{variable: value})
    sentence = str(caught.value)
    assert sentence.startswith(variable)
    assert says in sentence
    assert "Expected: " in sentence
    assert "canary" not in sentence
    assert isinstance(caught.value, ImproperlyConfigured)


def test_a_value_and_its_file_together_are_refused(read):
    """Nobody should have to guess which one wins."""
    with pytest.raises(SettingsError, match="are both set"):
        read(PROVISOR_SECRET_KEY="s" * 40, PROVISOR_SECRET_KEY_FILE="/nowhere")


@pytest.mark.parametrize(("content", "says"), [(b"", "is empty"), (b"\xff\xfe", "is not UTF-8 text")])
def test_a_secret_file_without_text_is_refused(read, tmp_path: Path, content: bytes, says: str):
    """An empty mount must not become an empty key."""
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=says):
        read(PROVISOR_SECRET_KEY_FILE=str(file))


def test_a_data_directory_that_is_a_file_is_refused(read, tmp_path: Path):
    """Said at the start, not at the first write."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not a directory"):
        read(PROVISOR_DATA_DIR=str(tmp_path / "file"))
