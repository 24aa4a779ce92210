"""Notice commits of any process, cheaply: SQLite counts them (`PRAGMA data_version`)."""

import sqlite3

from django.db import connection


class ChangeWatch:
    """Tells whether anything was committed since it was last asked. For the thread that made it."""

    def __init__(self) -> None:
        self._connection = self._connect()
        self._seen: int | None = None

    def _connect(self) -> sqlite3.Connection | None:
        """On PostgreSQL nothing is watched here: wake-ups come by notification."""
        if connection.vendor != "sqlite":
            return None
        name = str(connection.settings_dict["NAME"])
        return sqlite3.connect(name, uri=name.startswith("file:"), isolation_level=None)

    def changed(self) -> bool:
        if self._connection is None:
            return False
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        changed, self._seen = version != self._seen, version
        return changed

    def pending(self) -> bool:
        """Tell whether changes wait for the fold, without a hop to another thread; on PostgreSQL the fold looks itself."""
        if self._connection is None:
            return True
        return self._connection.execute("SELECT 1 FROM directory_pending LIMIT 1").fetchone() is not None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
