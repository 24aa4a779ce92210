"""When outcomes cannot be stored the application is left alone, and nothing is lost or made twice afterwards."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, settle, wait_until
from tests.servers import LabServer

USERS = 60
#: How a database is made to refuse outcomes, and to take them again.
REFUSALS = {
    "sqlite": (
        [
            (
                "CREATE TRIGGER disk_full BEFORE INSERT ON provisioning_attempt "
                "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        ],
        ["DROP TRIGGER disk_full"],
    ),
    "postgresql": (
        [
            (
                "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$"
            ),
            "CREATE TRIGGER disk_full BEFORE INSERT ON provisioning_attempt EXECUTE FUNCTION disk_full()",
        ],
        ["DROP TRIGGER disk_full ON provisioning_attempt", "DROP FUNCTION disk_full()"],
    ),
}


@contextmanager
def outcomes_refused() -> Iterator[None]:
    """The database takes no outcome inside, as when its disk is full."""
    refuse, take_again = REFUSALS[connection.vendor]
    with connection.cursor() as cursor:
        for statement in refuse:
            cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for statement in take_again:
                cursor.execute(statement)


@pytest.mark.crash
def test_r01_r02_outcomes_that_cannot_be_stored_end_the_pass_and_are_found_again(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """A pass whose outcomes cannot be stored is not begun again at once; later everything is there, once."""
    company.employ(USERS)
    company.grant()
    with outcomes_refused():
        engine.start()
        wait_until(lambda: len(target.requests()) > 0, 60, "the pass begins")
        time.sleep(1.5)
        before = len(target.requests())
        time.sleep(2)
        after = len(target.requests())
    settle(240)
    assert len(judge(company.application, target).users) == USERS
    assert after == before, f"{after - before} requests within 2 s although no outcome can be stored"
