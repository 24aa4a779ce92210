"""The first step: what kind of application it is, and what it is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from provisor.access.narrowing import known
from provisor.applications.configuration import read_name
from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.applications.profiles import GENERIC, Profile, catalogue, load_profile
from provisor.applications.refusals import Problems
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.directory.names import fold

#: Applications that are offered to be continued, the newest first.
_OFFERED: Final = 5
_HINT: Final = "It is what everybody sees in the lists."


class NameForm(ConsoleForm):
    """A name that no other application has; by the rules of the service, before it is asked."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("As it stands in the lists. It can be changed later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, application: Application | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._application = application

    def clean_name(self) -> str:
        problems = Problems()
        name = read_name(self.cleaned_data["name"], _HINT, problems)
        for problem in problems.found:
            raise forms.ValidationError(problem.reason)
        if other := _holder(name, self._application):
            raise forms.ValidationError(
                _(
                    'There is an application "%(name)s" already. Choose another name; upper and lower case make no difference.'
                ),
                params={"name": other},
            )
        return name


class BasicsForm(NameForm):
    """The first step of an application that is not there yet."""

    profile = forms.ChoiceField(label=_("Application"), choices=lambda: list(_choices()))


class RenameForm(EditionMixin, NameForm):
    """The first step of one that is."""


def _choices() -> Iterator[tuple[str, str]]:
    for profile in catalogue():
        yield profile.id, profile.name


def _holder(name: str, application: Application | None) -> str:
    """The name of the other application that has this name, as it is written there, or empty."""
    others = live_applications().filter(name_key=fold(name))
    if application is not None:
        others = others.exclude(pk=application.pk)
    return others.values_list("name", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the catalogue shows for a search: the generic profile stands apart, since it always serves."""

    found: list[Profile]
    generic: Profile
    chosen: Profile


def choice_of(search: str, asked: str) -> Choice:
    """The profiles that a search finds, and the one that is chosen: the one asked for, else the best one found.

    The generic one is chosen before anybody searches, so that a search that finds something else has the better word.
    """
    *found, generic = catalogue(search[:200])
    by_id = {profile.id: profile for profile in (*found, generic)}
    best = found[0] if search.strip() and found else generic
    return Choice(found, generic, best if asked == GENERIC else by_id.get(asked, best))


def profile_of(profile_id: str) -> Profile:
    """The profile of this id, or the generic one when there is none such."""
    try:
        return load_profile(profile_id)
    except KeyError:
        return load_profile(GENERIC)


def suggested_name(profile: Profile) -> str:
    """The name of the profile, with a number behind it when it is taken."""
    taken = set(
        live_applications()
        .filter(name_key__startswith=fold(profile.name))
        .values_list("name_key", flat=True)[:1000]
    )
    candidates = (profile.name if count == 1 else f"{profile.name} {count}" for count in range(1, 1002))
    return next(name for name in candidates if fold(name) not in taken)


def not_started() -> list[Application]:
    """Applications that only observe: their set-up can be gone on with."""
    observing = known(live_applications(), "pk").filter(mode=Application.Mode.OBSERVE)
    return list(observing.order_by("-created_at", "-id")[:_OFFERED])
