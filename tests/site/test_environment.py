"""The tests run in an installation of their own, whatever the person's environment says."""

import os
from pathlib import Path

from django.conf import settings

from tests.environment import DATA_DIR, POSTGRESQL


def test_the_settings_were_read_from_the_environment_of_the_tests() -> None:
    """Not from the person's: a test may never write to a real installation."""
    assert settings.DATA_DIR == DATA_DIR
    ours = {"PROVISOR_DATA_DIR", "PROVISOR_PRIVATE_TARGETS"}
    database = settings.DATABASES["default"]
    if POSTGRESQL:
        ours.add("PROVISOR_DATABASE_URL")
        assert database["HOST"].startswith("/tmp/provisor-postgresql-")
    else:
        assert database["ENGINE"] == "django.db.backends.sqlite3"
        assert Path(database["NAME"]).is_relative_to(DATA_DIR)
    assert {name for name in os.environ if name.startswith("PROVISOR_")} == ours
