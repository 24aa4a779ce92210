"""Rules for everybody who administers: whether a second factor is demanded."""

from collections.abc import Set as AbstractSet

from django.db import transaction

from provisor.access.methods import Method, has_second_factor
from provisor.access.models import Account, SignInRules
from provisor.access.permissions import Permission, allows
from provisor.audit import chain
from provisor.audit.actor import Actor
from provisor.audit.record import record


def second_factor_required() -> bool:
    """Whether administrators, owners included, must have a second factor."""
    return SignInRules.objects.filter(pk=1, second_factor_required=True).exists()


def require_second_factor(required: bool, actor: Actor) -> None:
    """Demand it from the next sign-in on, or no longer."""
    with transaction.atomic():
        chain.lock()
        rules, _ = SignInRules.objects.get_or_create(pk=1)
        if rules.second_factor_required == required:
            return
        rules.second_factor_required = required
        rules.save(update_fields=["second_factor_required"])
        record(
            actor, "sign_in.rules_changed",
            before={"second_factor_required": not required}, after={"second_factor_required": required},
        )  # fmt: skip


def lacks_second_factor(account: Account, methods: AbstractSet[Method]) -> bool:
    """Whether a sign-in by these methods is too little for this account."""
    administers = allows(account.role, Permission.READ)
    return administers and not has_second_factor(methods) and second_factor_required()
