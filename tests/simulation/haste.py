"""What Django asks again at every statement, and what is always the same here, where there is one thread and no debugger."""

from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3 import base as sqlite
from django.db.backends.utils import CursorWrapper


def hasten() -> None:
    """Leave out Django's guards against use from another loop, and translate each statement once."""
    for name, method in vars(BaseDatabaseWrapper).copy().items():
        inner = getattr(method, "__wrapped__", None)
        # generators are wrapped, too, as context managers
        if inner is not None and inner.__code__.co_flags & 0x20 == 0:
            setattr(BaseDatabaseWrapper, name, inner)
    sqlite.SQLiteCursorWrapper.convert_query = _convert  # type: ignore[method-assign]
    CursorWrapper._execute_with_wrappers = _execute_with_wrappers  # type: ignore[attr-defined]


_TRANSLATE = sqlite.SQLiteCursorWrapper.convert_query


@lru_cache(4096)
def _translated(query: str) -> str:
    return str(_TRANSLATE(None, query))


def _convert(self: Any, query: str, *, param_names: Any = None) -> str:
    if param_names is None:
        return _translated(query)
    return str(_TRANSLATE(self, query, param_names=param_names))


_WRAPPED = CursorWrapper._execute_with_wrappers


def _execute_with_wrappers(self: Any, sql: str, params: Any, many: bool, executor: Any) -> Any:
    if self.db.execute_wrappers:
        return _WRAPPED(self, sql, params, many, executor)
    return executor(sql, params, many, {})
