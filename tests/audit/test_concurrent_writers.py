"""Several processes write to one database at once: they take turns, and the chain does not fork."""

import os
import subprocess
import sys
from pathlib import Path

_WRITE = """
import django, sys
django.setup()
from django.db import transaction
from provisor.audit.actor import SYSTEM
from provisor.audit.record import record
for number in range(20):
    with transaction.atomic():
        record(SYSTEM, "writer.wrote", subject_id=sys.argv[1], after=number)
"""
_VERIFY = """
import django
django.setup()
from provisor.audit.verify import verify
found = verify()
print(found.ok, found.entries, found.problem)
"""
_MIGRATE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", "audit", verbosity=0, skip_checks=True)
"""


def test_r18_concurrent_writers_do_not_fork_the_chain(tmp_path: Path) -> None:
    """Three processes, twenty entries each: all are there, in one chain."""
    environment = {**os.environ, "PROVISOR_DATA_DIR": str(tmp_path)}

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE)

    start(_MIGRATE).communicate()
    writers = [start(_WRITE, name) for name in ("a", "b", "c")]
    for writer in writers:
        writer.communicate()
    said, _ = start(_VERIFY).communicate()
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert said.split()[:2] == ["True", "60"]
