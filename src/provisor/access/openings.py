"""Opening an application: what the session lacks for it, and the record of who signed in where, by what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from provisor.access.accounts import in_turn
from provisor.access.demands import Demand, policies
from provisor.access.enrolment import enrolled
from provisor.access.methods import BY_MAIL, Method, Proved, proved
from provisor.access.models import Account, Opening
from provisor.access.principals import of_account
from provisor.access.step_up import Step, steps
from provisor.audit.record import record

#: What an e-mail says of a person is not worth telling where anything stronger was proved.
_TOLD = (Method.PASSWORD, Method.PASSKEY, Method.TOTP, Method.RECOVERY_CODE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a session stands before an application: what is demanded, what counts of it, what is missing."""

    demand: Demand
    counts: Proved
    steps: tuple[Step, ...]

    @property
    def is_enough(self) -> bool:
        return not self.steps

    @property
    def methods(self) -> tuple[Method, ...]:
        """What let the person in, for records."""
        told = tuple(method for method in _TOLD if method in self.counts.methods)
        return told or tuple(sorted(BY_MAIL & self.counts.methods))

    @property
    def since(self) -> datetime | None:
        """When the oldest of these was proved: nothing later can be said of all of them."""
        return min((self.counts.at[method] for method in self.methods), default=None)


def standing(
    request: HttpRequest, application_id: UUID, *, within: timedelta | None = None
) -> Standing | None:
    """Say how this session stands before an application; None where no policy gives it to the person.

    What was proved longer ago than `settings.PROOF_AGE`, or than `within`, does not count any more.
    """
    person = _person(request)
    demand = policies().demand(person.user_id, application_id) if person else None
    return _standings(request, person, [demand], within)[0] if person and demand else None


def standings(request: HttpRequest) -> list[Standing]:
    """The same for each application that policies give the person, by name."""
    person = _person(request)
    return _standings(request, person, policies().demands(person.user_id)) if person else []


@dataclass(frozen=True, slots=True)
class _Person:
    """Who asks: an account, and the user of the directory whom policies are about."""

    account: Account
    user_id: UUID


def _person(request: HttpRequest) -> _Person | None:
    account = request.user
    if not isinstance(account, Account) or account.directory_user_id is None:
        return None
    return _Person(account, account.directory_user_id)


def _standings(
    request: HttpRequest, person: _Person, demands: Iterable[Demand], within: timedelta | None = None
) -> list[Standing]:
    age = min(timedelta(seconds=settings.PROOF_AGE), timedelta.max if within is None else within)
    counts = proved(request).since(timezone.now() - age)
    has = enrolled(person.account)
    return [Standing(each, counts, steps(each.needed, counts.methods, has)) for each in demands]


def record_opening(account: Account, standing: Standing, *, through: str) -> None:
    """Record that the person signs in to the application now; `through` says by which door (portal, OpenID Connect)."""
    demand, user = standing.demand, account.directory_user
    assert user is not None
    methods = [str(method) for method in standing.methods]
    with in_turn():
        values = {"at": timezone.now(), "methods": methods, "policy_name": demand.policy_name}
        row, is_new = Opening.objects.get_or_create(
            user=user, application_id=demand.application_id, defaults=values
        )
        if not is_new:
            Opening.objects.filter(pk=row.pk).update(**values, times=F("times") + 1)
        record(
            of_account(account).actor,
            "application.opened",
            subject_id=str(demand.application_id),
            subject_label=demand.application_name,
            after={
                "user": user.user_name,
                "methods": methods,
                "policy": demand.policy_name,
                "through": through,
            },
        )


def openings_of(user_id: UUID) -> dict[UUID, Opening]:
    """When this person last signed in to each application, by the application's id."""
    return {row.application_id: row for row in Opening.objects.filter(user_id=user_id)}
