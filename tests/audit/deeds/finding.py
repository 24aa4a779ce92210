"""Find every function of a service that writes, by reading the code: nobody has to remember to name it."""

import ast
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import provisor

#: Rooms and folders whose functions are called by the faces. What the engine does by itself is in attempts and runs.
ROOMS = (
    "access", "applications", "audit", "directory", "notices", "sample", "vault",
    "provisioning.brake", "provisioning.drift", "provisioning.health", "provisioning.operations",
    "provisioning.preview",
)  # fmt: skip
#: Interfaces for people and programs, which write through services only.
FACES = ("api", "cli", "console")
_ROOT = Path(provisor.__file__).parent
_WRITES = frozenset(
    {"save", "create", "delete", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
)
#: What a write is called on in this code, as against a dictionary or a request.
_OF_ROWS = ("objects", "filter", "exclude", "select_for_update", "all", "rows_of", "lookup")
_RECORDS = frozenset({"record", "record_many", "record_act", "record_event"})


@dataclass
class Function:
    """What one function does by itself, and which others of its module it calls."""

    takes_actor: bool
    writes: bool
    records: bool
    calls: set[str] = field(default_factory=set)


def modules(*rooms: str) -> Iterator[tuple[str, Path]]:
    """Every module of these rooms, by its name below `provisor`."""
    for found in pkgutil.walk_packages([str(_ROOT)]):
        yield from _below(found.name, rooms)


def _below(top: str, rooms: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for path in sorted((_ROOT / top).rglob("*.py")):
        name = ".".join(path.relative_to(_ROOT).with_suffix("").parts)
        if "migrations" not in path.parts and any(f"{name}.".startswith(f"{room}.") for room in rooms):
            yield name, path


def writing_functions() -> set[str]:
    """Public functions of services that take who acts, or that write or record, alone or by others whom they call."""
    known = _known()
    return {name for name in known if _is_public(name) and _acts(name, known, set())}


def _is_public(name: str) -> bool:
    return not name.rpartition(".")[2].startswith("_")


def _known() -> dict[str, Function]:
    known: dict[str, Function] = {}
    for module, path in modules(*ROOMS):
        here, brought = functions_of(path), _brought(path)
        for name, one in here.items():
            one.calls = {f"{module}.{call}" if call in here else _placed(call, brought) for call in one.calls}
            known[f"{module}.{name}"] = one
    return known


def _brought(path: Path) -> dict[str, str]:
    """What a module imports by name, with where it comes from."""
    imports = [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.ImportFrom)]
    found: dict[str, str] = {}
    for each in imports:
        room = (each.module or "").removeprefix("provisor").strip(".")
        found |= {name.asname or name.name: f"{room}.{name.name}".strip(".") for name in each.names}
    return found


def _placed(call: str, brought: dict[str, str]) -> str:
    """Where a function lives that is called as `name` or `module.name`."""
    first, dot, rest = call.partition(".")
    return f"{brought.get(first, '')}{dot}{rest}"


def _acts(name: str, known: dict[str, Function], seen: set[str]) -> bool:
    one = known.get(name)
    if one is None or name in seen:
        return False
    seen.add(name)
    mine = one.takes_actor or one.writes or one.records
    return mine or any(_acts(other, known, seen) for other in one.calls)


def functions_of(path: Path) -> dict[str, Function]:
    """The functions of a module, those of its classes as `Class.name`."""
    return dict(_functions(ast.parse(path.read_text()), ""))


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in getattr(tree, "body", ()):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", _read(node)


def _read(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    named = {ast.unparse(each.func) for each in calls if isinstance(each.func, ast.Name | ast.Attribute)}
    return Function(
        takes_actor=any(_is_actor(each) for each in (*node.args.args, *node.args.kwonlyargs)),
        writes=any(_is_write(each) for each in calls) or _has_statement(node),
        records=any(name.rpartition(".")[2] in _RECORDS for name in named),
        calls=named,
    )


def _is_actor(argument: ast.arg) -> bool:
    return argument.annotation is not None and ast.unparse(argument.annotation) in {"Actor", "Actor | None"}


def _is_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _WRITES:
        return False
    if call.func.attr == "save":
        return True
    if call.func.attr == "delete" and not call.args and not call.keywords:
        return True
    on = ast.unparse(call.func.value)
    by_name = call.func.attr == "update" and not call.args and bool(call.keywords)
    return by_name or any(word in on for word in _OF_ROWS)


def _has_statement(node: ast.AST) -> bool:
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return any(isinstance(each, str) and each.startswith(("INSERT ", "UPDATE ", "DELETE ")) for each in texts)
