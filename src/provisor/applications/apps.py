"""The Django application of this room."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "provisor.applications"
    label = "applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from provisor.applications import connections, credentials
        from provisor.vault.registry import register

        register(credentials.SEALED)
        register(connections.SEALED)
