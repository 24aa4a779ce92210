"""The engine's one database thread: whole batches in one call, never a transaction across a request."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

#: A process that hangs in the middle of a transaction keeps its locks no longer than its jobs (`jobs.STALLED_AFTER`).
LET_GO = "SET idle_in_transaction_session_timeout = '5s'"

P = ParamSpec("P")
T = TypeVar("T")


def _healing(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Where a connection broke, the next call gets another one: this thread lives longer than a server may."""
    try:
        if connection.vendor == "postgresql" and connection.connection is None:
            with connection.cursor() as cursor:
                cursor.execute(LET_GO)
        return function(*args, **kwargs)
    except (InterfaceError, OperationalError):
        connections.close_all()
        raise


class Store:
    """Runs database functions one after the other, in a thread that has a connection of its own."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="provisor-store")

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that uses the database; its exceptions come back to the caller."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: _healing(function, *args, **kwargs))

    async def end(self) -> None:
        """Close it without holding up the loop."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Close the connection of the thread, then the thread."""
        self._executor.submit(connections.close_all).result()
        self._executor.shutdown()
