"""Who keeps the test target: the service. It ends with it, comes back with it, and goes when its application goes."""

import json
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from django.db import DatabaseError, connections

from provisor.applications.credentials import open_credential
from provisor.applications.lookup import live_applications
from provisor.applications.own_targets import OwnTarget, close_target, open_target
from provisor.directory import journal
from provisor.identifiers import uuid7
from provisor.provisioning.homes.process_lock import ProcessLock
from provisor.sample.process import TargetFailed, TargetProcess, listen
from provisor.vault.keys import VaultError

if TYPE_CHECKING:
    import socket

#: Where the target keeps what it holds, below the data directory.
FOLDER: Final = "sample-target"
#: Seconds between two looks whether the application is still there and the process lives; changes are seen at once.
_LOOK_EVERY: Final = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTarget:
    """A target that runs and has no application yet: create it with this id, address and token."""

    target: OwnTarget
    token: str


class Keeper:
    """Runs the test target of one installation, at most one. `directory` is the installation's data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / FOLDER
        self._turn = threading.RLock()
        self._target: OwnTarget | None = None
        self._listener: socket.socket | None = None
        self._process: TargetProcess | None = None
        self._look_now, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._told = ""

    @property
    def target(self) -> OwnTarget | None:
        """The target that is kept, whether or not it answers at this moment."""
        return self._target

    @contextmanager
    def new_target(self) -> Iterator[NewTarget]:
        """Start an empty target; its application is created inside. What is raised inside ends the target again.

        TargetFailed: there is one already, its package is not installed, or it did not start.
        """
        with self._turn:
            new = self._begin()
            try:
                self._started(new.token).ready()
                yield new
            except BaseException:
                self._forget()
                raise
        self._watch()

    def resume(self) -> None:
        """Start again the target of an installation that has one. It listens where it did, or is tried until it can."""
        target = self._noted()
        if target is None:
            return
        self._target = target
        self._look()
        if self._target is not None:
            self._watch()

    def stop(self) -> None:
        """End the target; what it holds is kept for the next start."""
        self._stopping.set()
        self._look_now.set()
        if self._thread is not None:
            journal.changed.disconnect(self._on_change)
            self._thread.join()
        with self._turn:
            self._end()

    # --- one target -------------------------------------------------------------------------------------------------

    def _begin(self) -> NewTarget:
        if self._target is not None:
            raise TargetFailed(
                "There is a test target already. Delete its application first: the target ends with it."
            )
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(mode=0o700, parents=True)
        self._listener = listen()
        self._target = OwnTarget(application_id=uuid7(), port=self._listener.getsockname()[1])
        note = {"application": str(self._target.application_id), "port": self._target.port}
        (self._directory / "target.json").write_text(json.dumps(note))
        return NewTarget(target=self._target, token=secrets.token_urlsafe(24))

    def _noted(self) -> OwnTarget | None:
        try:
            note: dict[str, Any] = json.loads((self._directory / "target.json").read_bytes())
            return OwnTarget(application_id=UUID(str(note["application"])), port=int(note["port"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            _log.warning("sample.note_unreadable", directory=str(self._directory))
            return None

    def _started(self, token: str) -> TargetProcess:
        assert self._listener is not None
        assert self._target is not None
        log, kept = self._directory / "output.txt", self._directory / "resources.json"
        self._process = TargetProcess(self._listener, token, log=log, kept=kept)
        open_target(self._target)
        return self._process

    def _end(self) -> None:
        """First nobody may connect any more; the port is given back last."""
        if self._target is not None:
            close_target(self._target)
        if self._process is not None:
            self._process.end()
        if self._listener is not None:
            self._listener.close()
        self._process = self._listener = None

    def _forget(self) -> None:
        """Who sees that there is no target may begin another in the same folder: what this one held goes first."""
        self._end()
        shutil.rmtree(self._directory, ignore_errors=True)
        self._target = None

    # --- watching ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._thread is None:
            journal.changed.connect(self._on_change)
            self._thread = threading.Thread(target=self._watching, name="provisor-test-target", daemon=True)
            self._thread.start()

    def _on_change(self, **_: Any) -> None:
        self._look_now.set()

    def _watching(self) -> None:
        try:
            while not self._stopping.is_set():
                self._look_now.wait(_LOOK_EVERY)
                self._look_now.clear()
                self._look()
        finally:
            connections.close_all()

    def _look(self) -> None:
        """End a target without an application, and bring back one that does not run."""
        with self._turn:
            if self._target is None or self._stopping.is_set():
                return
            try:
                self._keep(self._target)
            except DatabaseError:
                # Asked again in a moment; the target runs on meanwhile.
                connections.close_all()
            except (OSError, TargetFailed, VaultError) as problem:
                self._tell(str(problem))

    def _tell(self, problem: str) -> None:
        """It is tried again and again; what is in the way is logged once."""
        if problem != self._told:
            self._told = problem
            _log.warning("sample.target_does_not_run", reason=problem)

    def _keep(self, target: OwnTarget) -> None:
        if not live_applications().filter(pk=target.application_id).exists():
            self._forget()
        elif self._process is None or not self._process.alive():
            self._bring_back(target)

    def _bring_back(self, target: OwnTarget) -> None:
        if self._process is not None:
            self._tell("The process of the test target had ended.")
            self._process.end()
            self._process = None
        if self._listener is None:
            self._listener = listen(target.port)
        credential = open_credential(target.application_id)
        token = str(credential.values.get("token", "")) if credential else ""
        # Whoever took the credential away finds a target that accepts none.
        self._started(token if token.isascii() and token else secrets.token_urlsafe(24))


_keeper: Keeper | None = None


def keeper() -> Keeper | None:
    """The keeper of this process; None where the process does not stay, or serves without an engine beside it."""
    return _keeper


@contextmanager
def keeping(directory: Path) -> Iterator[Keeper]:
    """Keep the test target of an installation: start it if there is one, and end it in the end.

    To be entered before the engine starts, so that its first pass finds the target. Raises EngineRunsError when
    another service keeps it.
    """
    global _keeper  # noqa: PLW0603 - one service in one process
    lock = ProcessLock(directory / f"{FOLDER}.lock")
    lock.acquire()
    one = Keeper(directory)
    _keeper = one
    try:
        one.resume()
        yield one
    finally:
        _keeper = None
        one.stop()
        lock.release()
