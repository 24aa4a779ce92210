"""A PostgreSQL cluster for one run of the tests: made in a temporary folder, ended and removed with the run.

`python -m tests.postgresql` is its keeper: a process that makes the cluster, prints where it is, and waits for the end
of its standard input. That end comes however the run ends, also by SIGKILL, so no server and no folder is left behind.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

#: Debian's place, and whatever is in the path.
_BINARIES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),)
_MISSING = "PostgreSQL's server is not here. On Debian: apt-get install postgresql (make test does it)."
#: What is lost when the machine loses power is not of interest here; many processes of one test are.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
    "log_min_messages": "fatal",
    "autovacuum_naptime": "5s",
}
_READY_SECONDS = 60


def start_cluster() -> tuple[str, "subprocess.Popen[str]"]:
    """Start a cluster; returns the folder of its socket, and its keeper. Raises RuntimeError."""
    command = [sys.executable, "-m", "tests.postgresql"]
    root = Path(__file__).resolve().parents[1]
    # A session of its own: Ctrl-C ends the run, and the end of the run ends the cluster.
    keeper = subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert keeper.stdout is not None
    word, _, socket = keeper.stdout.readline().strip().partition(" ")
    if word != "ready":
        keeper.wait()
        raise RuntimeError(f"No PostgreSQL for the tests: {word} {socket}")
    return socket, keeper


def end_cluster(keeper: "subprocess.Popen[str]") -> None:
    """End the cluster and wait until its folder is gone."""
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    keeper.stdin.close()
    keeper.wait()
    keeper.stdout.close()


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([*map(str, _BINARIES), os.environ.get("PATH", "")]))
    if found is None:
        raise RuntimeError(_MISSING)
    return found


def _owner() -> dict[str, Any]:
    """The server refuses to run as root: then it runs as the user that its package has made."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _make(folder: Path, owner: dict[str, Any]) -> None:
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    options = ["--auth=trust", "--username=provisor", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    command = [_program("initdb"), "-D", str(folder / "data"), *options]
    made = subprocess.run(command, **owner, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(made.stderr)


def _serve(folder: Path, owner: dict[str, Any]) -> "subprocess.Popen[bytes]":
    settings = [f"{name}={value}" for name, value in _SETTINGS.items()]
    options = [part for each in settings for part in ("-c", each)]
    command = [_program("postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
    server = subprocess.Popen(
        command, **owner, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    ready = [_program("pg_isready"), "--quiet", "-h", str(folder), "-U", "provisor", "-d", "postgres"]
    for _ in range(_READY_SECONDS * 10):
        if server.poll() is not None:
            break
        if subprocess.run(ready, check=False).returncode == 0:
            return server
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    server.kill()
    raise RuntimeError("The PostgreSQL of the tests did not start.")


def _keep() -> None:
    folder = Path(tempfile.mkdtemp(prefix="provisor-postgresql-", dir="/tmp"))  # a socket has a short path
    try:
        owner = _owner()
        _make(folder, owner)
        server = _serve(folder, owner)
        sys.stdout.write(f"ready {folder}\n")
        sys.stdout.flush()
        try:
            sys.stdin.read()
        finally:
            # "immediate shutdown": nothing of it is needed any more
            server.send_signal(signal.SIGQUIT)
            server.wait()
    except RuntimeError as error:
        sys.stdout.write("failed " + " ".join(str(error).split()) + "\n")
        sys.exit(1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _keep()
