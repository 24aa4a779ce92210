"""The Django application of this room."""

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_init, post_migrate, pre_delete, pre_save


class AccessConfig(AppConfig):
    name = "provisor.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator
        from django.contrib.auth.signals import user_logged_in

        from provisor.access import factors, letters, provider, signing_keys
        from provisor.access.ending import end_of_people
        from provisor.access.last_owner import guard_directory
        from provisor.access.sessions import begin
        from provisor.directory.protection import follow, protect
        from provisor.vault.registry import register

        post_init.connect(factors.know_the_account, sender=Authenticator, dispatch_uid="access.factor_held")
        pre_save.connect(factors.note_addition, sender=Authenticator, dispatch_uid="access.factor_added")
        pre_save.connect(factors.note_renaming, sender=Authenticator, dispatch_uid="access.factor_renamed")
        pre_delete.connect(factors.note_removal, sender=Authenticator, dispatch_uid="access.factor_removed")

        for column in (*factors.SEALED, letters.SEALED, provider.SEALED, signing_keys.SEALED):
            register(column)
        user_logged_in.connect(begin, dispatch_uid="access.session_begins")
        protect(guard_directory)
        follow(end_of_people)
        post_migrate.connect(_create_cache_table, sender=self, dispatch_uid="access.cache_table")


def _create_cache_table(using: str, **_: Any) -> None:
    """The rate limits of sign-in live in the database cache, whose table no migration makes."""
    call_command("createcachetable", database=using, verbosity=0)
