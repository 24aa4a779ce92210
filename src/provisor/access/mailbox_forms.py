"""Forms that send a letter to whoever has an address: allauth's, and an account is made for who comes the first time.

A letter goes only where the directory says that the mailbox is the person's own. What the page says is the same for all,
and so is what it waits for.
"""

from typing import Any

from allauth.account import forms

from provisor.access.letters import to_nobody
from provisor.access.models import Account
from provisor.access.portal_accounts import arrive, owns_its_mailbox


class RequestLoginCodeForm(forms.RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """Ask for a code by e-mail."""

    def clean_email(self) -> str:
        arrive(str(self.cleaned_data["email"]))
        email: str = super().clean_email()
        self._user: Any = _own([self._user])
        if self._user is None:
            to_nobody()
        return email


class ResetPasswordForm(forms.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Ask for a link that sets a password."""

    users: list[Any]

    def clean_email(self) -> str:
        arrive(str(self.cleaned_data["email"]))
        email: str = super().clean_email()
        self.users = [one for one in [_own(self.users)] if one]
        if not self.users:
            to_nobody()
        return email


def _own(accounts: list[Any]) -> Account | None:
    return next((one for one in accounts if isinstance(one, Account) and owns_its_mailbox(one)), None)
