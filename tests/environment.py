"""A plugin of pytest, named in `addopts`: the environment of the tests, before anything imports the settings.

pytest-django imports them ahead of any conftest.py, and they are read from the environment. Nothing of a
person's own installation may count, least of all its database.
"""

import os
import tempfile
from pathlib import Path

for _name in [name for name in os.environ if name.startswith("PROVISOR_")]:
    del os.environ[_name]
_directory = tempfile.TemporaryDirectory(prefix="provisor-tests-")

#: The data directory of this run; it goes with the run.
DATA_DIR = Path(_directory.name)
os.environ["PROVISOR_DATA_DIR"] = str(DATA_DIR)
os.environ["PROVISOR_PRIVATE_TARGETS"] = "127.0.0.0/8"


def remove_data() -> None:
    """Remove the data directory; a second call does nothing."""
    _directory.cleanup()
