"""A plugin of pytest, named in `addopts`: the environment of the tests, before anything imports the settings.

pytest-django imports them ahead of any conftest.py, and they are read from the environment. Nothing of a
person's own installation may count, least of all its database. `PROVISOR_TEST_DATABASE=postgresql` runs the tests on
a PostgreSQL cluster of their own; without it they run on SQLite. Processes of pytest-xdist (`-n 2`) share the cluster,
and each has databases and a data directory of its own.
"""

import atexit
import os
import tempfile
from pathlib import Path

import pytest

from tests.postgresql import end_cluster, start_cluster

_kind = os.environ.get("PROVISOR_TEST_DATABASE", "sqlite")
if _kind not in {"sqlite", "postgresql"}:
    raise SystemExit(f'PROVISOR_TEST_DATABASE is "{_kind}"; it can be "sqlite" or "postgresql".')
#: Whether this run is on PostgreSQL.
POSTGRESQL = _kind == "postgresql"

#: What tells the databases of one process of pytest from those of another.
RUN = os.environ.get("PYTEST_XDIST_WORKER", "main")
_socket = os.environ.get("PROVISOR_TEST_CLUSTER", "") if RUN != "main" else ""

for _name in [name for name in os.environ if name.startswith("PROVISOR_")]:
    del os.environ[_name]
_directory = tempfile.TemporaryDirectory(prefix="provisor-tests-")

#: The data directory of this run; it goes with the run.
DATA_DIR = Path(_directory.name)
os.environ["PROVISOR_DATA_DIR"] = str(DATA_DIR)
os.environ["PROVISOR_PRIVATE_TARGETS"] = "127.0.0.0/8"


def database_url(name: str) -> str:
    """The address of a database in the cluster of this run, as `PROVISOR_DATABASE_URL` takes it."""
    return f"postgresql://provisor@/{name}?host={_socket}"


#: Fixtures that give a test the database, or an environment for processes with one of their own.
_DATABASE_FIXTURES = {"db", "transactional_db", "environment", "process"}
if POSTGRESQL:
    if not _socket:
        _socket, _keeper = start_cluster()
        atexit.register(end_cluster, _keeper)
    os.environ["PROVISOR_DATABASE_URL"] = database_url("postgres")
    # for the processes of pytest-xdist, which pytest starts from here
    os.environ |= {"PROVISOR_TEST_DATABASE": _kind, "PROVISOR_TEST_CLUSTER": _socket}


#: Files that take minutes; they begin first, so that no process of the tests ends long after the others.
_LONG = (
    "simulation/test_simulation",
    "crash/test_kill_loop",
    "workers/test_take_over",
    "simulation/test_outage",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="leave out what uses no database")
    parser.addoption(
        "--on-both", action="store_true", help="only what makes the same claim about both databases"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what an option leaves out, and let what takes long begin first."""
    kept = items
    if config.getoption("--only-database") or config.getoption("--on-both"):
        kept = [item for item in kept if _uses_database(item)]
    if config.getoption("--on-both"):
        kept = [item for item in kept if item.get_closest_marker("skipif") is None]
    left = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = sorted(kept, key=_turn)


def _turn(item: pytest.Item) -> int:
    path = item.path.with_suffix("").as_posix()
    return next((turn for turn, name in enumerate(_LONG) if path.endswith(name)), len(_LONG))


def _uses_database(item: pytest.Item) -> bool:
    """The pure rooms do not depend on it, and the pages are driven once."""
    if "tests/browser/" in item.path.as_posix():
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    own = item.path.name == "test_concurrent_writers.py"
    return own or item.get_closest_marker("django_db") is not None or bool(fixtures & _DATABASE_FIXTURES)


def remove_data() -> None:
    """Remove the data directory; a second call does nothing."""
    _directory.cleanup()
