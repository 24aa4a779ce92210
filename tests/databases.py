"""A database of its own for a process that a test starts: a file in its data directory, or one in the cluster of the run."""

import os
import subprocess
import sys
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.environment import POSTGRESQL, RUN, database_url

ONLY_SQLITE = pytest.mark.skipif(POSTGRESQL, reason="the claim is about SQLite alone")
ONLY_POSTGRESQL = pytest.mark.skipif(not POSTGRESQL, reason="the claim is about PostgreSQL alone")

_TEMPLATE = f"provisor_{RUN}_template"
_MIGRATE = "from provisor.cli.opening import open_installation; open_installation()"
_numbers = count(1)


def own_environment(directory: Path) -> dict[str, str]:
    """The environment of a process with this data directory and a database that goes with it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    own = {"PROVISOR_DATA_DIR": str(directory), "PROVISOR_PRIVATE_TARGETS": "127.0.0.0/8"}
    if POSTGRESQL:
        own["PROVISOR_DATABASE_URL"] = database_url(_database_of(directory))
    return {**kept, **own}


@cache
def _database_of(_directory: Path) -> str:
    """The database of a data directory, made when it is first asked for."""
    name = f"provisor_{RUN}_{next(_numbers)}"
    _create(name, _migrated())
    return name


@cache
def _migrated() -> str:
    """A database with all tables: to copy it is much faster than to make them."""
    _create(_TEMPLATE, "template1")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    own = {
        "PROVISOR_DATA_DIR": os.environ["PROVISOR_DATA_DIR"],
        "PROVISOR_DATABASE_URL": database_url(_TEMPLATE),
    }
    subprocess.run([sys.executable, "-c", _MIGRATE], env={**kept, **own}, timeout=120, check=True)
    return _TEMPLATE


def _create(name: str, template: str) -> None:
    with psycopg.connect(database_url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
