"""The Django application of this room: its one table keeps answers for repeated requests."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "provisor.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
