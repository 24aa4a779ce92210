"""The start of a process that keeps something: data directory, keys, then Django."""

import os

import django

from provisor.site.keys import prepare


def start() -> None:
    """Make the data directory and its keys if they are missing, then set Django up.

    To be called before `django.conf.settings` is first read. May be called again. Raises `SettingsError`.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "provisor.site.settings")
    prepare(os.environ)
    django.setup()
