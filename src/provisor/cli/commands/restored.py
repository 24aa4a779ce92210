"""`provisor restored`: say that the database came from a backup, where Provisor cannot see it by itself."""

from provisor.cli.opening import actor, open_installation
from provisor.cli.screen import say
from provisor.cli.words import count


def restored() -> None:
    """Say that the database was restored from a backup: pause every application, and trust nothing until it is read back.

    A restore into a data directory that was kept is noticed by itself; this is for a restore of both.
    """
    open_installation()
    from provisor.provisioning.clock import now
    from provisor.provisioning.health.restored import after_restore

    paused = after_restore(now(), actor=actor())
    say(f"{count(paused, 'application')} paused. Look at each one, then resume it.")
