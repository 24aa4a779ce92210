"""How a person signs in, as their page shows it: account, factors, and the applications that they opened."""

from collections.abc import Iterable
from dataclasses import dataclass

from provisor.access.enrolment import enrolled
from provisor.access.models import Account, Opening
from provisor.access.openings import openings_of
from provisor.applications.models import Application
from provisor.console.my.wording import METHODS, methods_in_words
from provisor.directory.models import User


@dataclass(frozen=True, slots=True)
class Opened:
    """One application that the person signed in to, the last time."""

    application: Application
    opening: Opening
    by: str


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The account, None for who was never invited; what it can prove; what was opened, the latest first."""

    account: Account | None
    methods: tuple[str, ...]
    opened: tuple[Opened, ...]
    #: The address of the account is not that of the directory any more.
    moved: bool


def read_signing_in(user: User, applications: Iterable[Application]) -> SigningIn:
    """Read it in three queries at most; `applications` are those that the page has read already."""
    account: Account | None = getattr(user, "account", None)
    methods = sorted(enrolled(account)) if account else []
    openings = openings_of(user.pk)
    known = {one.pk: one for one in applications if one.pk in openings}
    known |= Application.objects.in_bulk(list(openings.keys() - known.keys()))
    opened = [
        Opened(known[one], opening, methods_in_words(opening.methods))
        for one, opening in openings.items()
        if one in known
    ]
    return SigningIn(
        account=account,
        methods=tuple(str(METHODS[method]) for method in methods),
        opened=tuple(sorted(opened, key=lambda each: each.opening.at, reverse=True)),
        moved=account is not None and account.email != user.email.lower(),
    )
