"""The Django application of this room."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "provisor.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from provisor.notices.channels import SEALED
        from provisor.vault.registry import register

        register(SEALED)
