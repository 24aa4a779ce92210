"""The Django application of this room."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "provisor.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
