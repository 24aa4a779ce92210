"""`PROVISOR_DATABASE_URL`: SQLite in the data directory, or the PostgreSQL that the address names."""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from provisor.site.environment import SettingsError

_VARIABLE = "PROVISOR_DATABASE_URL"
_EXPECTED = "postgresql://user:password@host:port/database, or nothing for SQLite in the data directory"
#: Connection parameters of libpq that may follow the question mark
#: (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
_OPTIONS = frozenset(
    {
        "application_name", "channel_binding", "connect_timeout", "gssencmode", "host", "keepalives",
        "keepalives_count", "keepalives_idle", "keepalives_interval", "options", "passfile", "require_auth",
        "service", "sslcert", "sslcrl", "sslkey", "sslmode", "sslnegotiation", "sslrootcert",
        "target_session_attrs", "tcp_user_timeout",
    }
)  # fmt: skip

Database = dict[str, Any]


def read_database(url: str, directory: Path) -> Database:
    """Return the entry of Django's `DATABASES`.

    Raises `SettingsError`; the address itself is never in its sentence, because it holds a password.
    """
    return _postgresql(url) if url else _sqlite(directory / "provisor.sqlite3")


def _sqlite(file: Path) -> Database:
    """WAL with FULL: a commit survives the loss of power. IMMEDIATE: no transaction fails while upgrading."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            # a pass and a page have more different statements than Python keeps prepared unasked (128)
            "cached_statements": 1000,
            "timeout": 20,
            # the log is copied into the file at 16 MB, not at 4: a pass writes that much in a few commits
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;",
        },
    }


def _postgresql(url: str) -> Database:
    parts = _split(url)
    options = _options(parts.query)
    # A directory of Unix sockets cannot stand before the path: libpq takes it as an option.
    socket = options.pop("host", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _name(parts),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or socket,
        "PORT": _port(parts),
        # Under ASGI each request has a thread of its own: a connection that outlived the request would be lost with it.
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SettingsError(_VARIABLE, "is not an address", _EXPECTED) from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingsError(_VARIABLE, f"begins with {_scheme(url)}", _EXPECTED)
    if parts.fragment:
        wrong = 'has a "#" in it, which ends an address'
        raise SettingsError(
            _VARIABLE, wrong, "special characters of the password percent-encoded (%23 for #)"
        )
    return parts


def _scheme(url: str) -> str:
    """What stands before `://`; of anything else only that it is there, since it may be a password."""
    scheme, separator, _ = url.partition("://")
    named = separator and scheme.replace("+", "").isalnum()
    return f'"{scheme}://"' if named else "something that is no scheme"


def _name(parts: SplitResult) -> str:
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise SettingsError(_VARIABLE, "names no database after the host", _EXPECTED)
    return name


def _port(parts: SplitResult) -> str:
    try:
        return str(parts.port or "")
    except ValueError:
        wrong = "has a port that is no number from 1 to 65535"
        expected = f"{_EXPECTED}; special characters of the password percent-encoded (%2F for /)"
        raise SettingsError(_VARIABLE, wrong, expected) from None


def _options(query: str) -> dict[str, str]:
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise SettingsError(_VARIABLE, "has options that are not name=value", _EXPECTED) from None
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise SettingsError(
            _VARIABLE, f'has the unknown option "{unknown[0]}"', f"one of {', '.join(sorted(_OPTIONS))}"
        )
    return options
