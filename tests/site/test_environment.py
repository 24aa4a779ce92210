"""The tests run in an installation of their own, whatever the person's environment says."""

import os
from pathlib import Path

from django.conf import settings

from tests.environment import DATA_DIR


def test_the_settings_were_read_from_the_environment_of_the_tests() -> None:
    """Not from the person's: a test may never write to a real installation."""
    assert settings.DATA_DIR == DATA_DIR
    assert settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert Path(settings.DATABASES["default"]["NAME"]).is_relative_to(DATA_DIR)
    assert {name for name in os.environ if name.startswith("PROVISOR_")} == {
        "PROVISOR_DATA_DIR",
        "PROVISOR_PRIVATE_TARGETS",
    }
