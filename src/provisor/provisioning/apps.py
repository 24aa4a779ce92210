"""The Django application of this room."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "provisor.provisioning"
    label = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"
