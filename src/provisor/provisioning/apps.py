"""The Django application of this room."""

from typing import Any

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "provisor.provisioning"
    label = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Wherever something is changed, a worker is woken for it."""
        from django.conf import settings

        if "procrastinate.contrib.django" in settings.INSTALLED_APPS:
            from provisor.directory.journal import changed

            changed.connect(_wake_a_worker, dispatch_uid="provisor.workers")


def _wake_a_worker(**_: Any) -> None:
    """The change is committed by now; a wake-up that fails is made good by the sweep of any worker."""
    from provisor.provisioning.homes.jobs import wake_look

    wake_look()
