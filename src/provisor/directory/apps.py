"""The Django application of this room."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DirectoryConfig(AppConfig):
    name = "provisor.directory"
    label = "directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_create_everyone, sender=self)


def _create_everyone(using: str, **_: Any) -> None:
    """Make the group Everyone once the tables are there; a migration backwards may have removed them."""
    from django.db import connections

    from provisor.directory.everyone import everyone

    tables = connections[using].introspection.table_names()
    if using == "default" and {"directory_group", "audit_entry"} <= set(tables):
        everyone()
