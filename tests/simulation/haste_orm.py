"""What Django's ORM works out again for each query, and is the same each time: columns, their converters, paths of names."""

from functools import lru_cache
from typing import Any

from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.query import Query

_GET_SELECT = SQLCompiler.get_select
_GET_CONVERTERS = SQLCompiler.get_converters
_NAMES_TO_PATH = Query.names_to_path

_selects: dict[tuple[Any, str], Any] = {}
#: By the first column of a select that is kept, and how many there are.
_converters: dict[tuple[int, int], Any] = {}
_first_columns: set[int] = set()
_paths: dict[Any, Any] = {}


def hasten_orm() -> None:
    """Keep what depends on the models alone."""
    SQLCompiler.get_select = _get_select  # type: ignore[method-assign]
    SQLCompiler.get_converters = _get_converters  # type: ignore[method-assign]
    SQLCompiler.compile = _compile  # type: ignore[method-assign]
    SQLCompiler.quote_name_unless_alias = _quote_name  # type: ignore[method-assign]
    Query.names_to_path = _names_to_path  # type: ignore[method-assign]
    Col.as_sql = _column_as_sql  # type: ignore[method-assign]


def _is_plain(query: Any) -> bool:
    """Whether a query asks for all columns of one model, and for nothing else."""
    return bool(
        query.default_cols
        and query.selected is None
        and not (query.annotations or query.extra or query.select_related)
        and query.deferred_loading == (frozenset(), True)
        and not query.model._meta.parents
    )


def _get_select(self: Any, with_col_aliases: bool = False) -> Any:
    if with_col_aliases or not _is_plain(self.query):
        return _GET_SELECT(self, with_col_aliases)
    key = (self.query.model, self.query.get_initial_alias())
    if key not in _selects:
        kept = _selects[key] = _GET_SELECT(self)
        _first_columns.add(id(kept[0][0][0]))
    columns, model, _ = _selects[key]
    return list(columns), {**model}, {}


def _get_converters(self: Any, expressions: Any) -> Any:
    if not (isinstance(expressions, list) and expressions and id(expressions[0]) in _first_columns):
        return _GET_CONVERTERS(self, expressions)
    key = (id(expressions[0]), len(expressions))
    if key not in _converters:
        _converters[key] = _GET_CONVERTERS(self, expressions)
    return _converters[key]


def _compile(self: Any, node: Any) -> Any:
    own = getattr(node, "as_sqlite", None)
    return own(self, self.connection) if own else node.as_sql(self, self.connection)


@lru_cache(4096)
def _quoted(name: str) -> str:
    return name if name.startswith('"') and name.endswith('"') else f'"{name}"'


def _quote_name(_: Any, name: str) -> str:
    """Quote aliases, too; SQLite does not mind."""
    return _quoted(name)


@lru_cache(4096)
def _column(alias: str, column: str) -> str:
    return f"{_quoted(alias)}.{_quoted(column)}" if alias else _quoted(column)


def _column_as_sql(self: Any, _: Any, __: Any) -> Any:
    return _column(self.alias, self.target.column), []


def _names_to_path(
    self: Any, names: Any, opts: Any, allow_many: bool = True, fail_on_missing: bool = False
) -> Any:
    if opts is None or self.annotations or self._filtered_relations:
        return _NAMES_TO_PATH(self, names, opts, allow_many, fail_on_missing)
    key = (*names, opts, allow_many, fail_on_missing)
    if key not in _paths:
        _paths[key] = _NAMES_TO_PATH(self, names, opts, allow_many, fail_on_missing)
    path, final, targets, left = _paths[key]
    return list(path), final, targets, list(left)
