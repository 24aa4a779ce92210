"""The Django application of this room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "provisor.console"
    label = "console"
    default_auto_field = "django.db.models.BigAutoField"
