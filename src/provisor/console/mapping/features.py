"""The switches and the table of causes, as a tab of an application and as a step of adding one.

`features(request, application)` gives the context of the include `console/mapping/features.html`, a whole
`<form method="post">` that posts to the page it stands on (`save_label` and `cancel_url` as in `editor`).
`save_features(request, application)` takes its POST: True once it is saved, else the context to show it with
again (status 422). With `without_mode` the mode is neither shown nor changed: an application that is being added
is started in its review.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisor.applications.applications import update_application
from provisor.applications.capabilities import facts_of
from provisor.applications.models import Application
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.console.guard import actor_of
from provisor.console.mapping.editor import Meanwhile, meanwhile
from provisor.console.mapping.reach import WouldChange, would_change
from provisor.console.mapping.switches import (
    GROUPS,
    ORIGINS,
    SWITCHES,
    Obstacle,
    Switch,
    obstacles,
    put,
    strongest,
    value_of,
)
from provisor.console.refusals import REFUSALS, is_conflict, place_errors, sentence_of
from provisor.planning.deprovision import Deprovision, deprovision
from provisor.planning.operation import Cause, Switches
from provisor.scim.capabilities import resolve
from provisor.scim.dialect import Dialect

_ACTIONS: Final = (
    ("deactivate", _("Deactivate the account")),
    ("delete", _("Delete the account")),
    ("keep", _("Keep the account as it is")),
)
#: Causes with what they mean.
CAUSES: Final[tuple[tuple[Cause, Promise], ...]] = (
    (Cause.UNASSIGNED, _("No policy brings the person here any more")),
    (Cause.DISABLED, _("The person was deactivated in the directory")),
    (Cause.DELETED, _("The person was deleted from the directory")),
)
_MODES: Final = (
    ("observe", _("Observe: make plans and send nothing")),
    ("enforce", _("Enforce: send every change at once")),
)


class FeaturesForm(EditionMixin, ConsoleForm):
    """The switches, the table of causes, and what becomes of deactivated accounts."""

    mode = forms.ChoiceField(
        label=_("Mode"), choices=_MODES, widget=forms.Select(attrs={"aria-label": _("Mode")})
    )
    delete_after_days = forms.IntegerField(
        label=_("Delete deactivated accounts after"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Days, 1 to 3,650. Empty: a deactivated account is never deleted by time alone."),
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, without_mode: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if without_mode:
            del self.fields["mode"]
        for switch in SWITCHES:
            self.fields[switch.name] = forms.BooleanField(
                label=str(switch.label),
                required=False,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
            )
        for cause, meaning in CAUSES:
            self.fields[cause.value] = forms.ChoiceField(
                label=str(meaning), choices=_ACTIONS, widget=forms.Select(attrs={"class": "form-select"})
            )

    def changes(self, application: Application, idle: set[str]) -> dict[str, Any]:
        """What the service is asked to change. Switches that are `idle` cannot be set here and stay as they are."""
        features = deepcopy(application.features)
        for switch in SWITCHES:
            if switch.name not in idle:
                put(features, switch.path, self.cleaned_data[switch.name])
        chosen = {cause.value: self.cleaned_data[cause.value] for cause, _meaning in CAUSES}
        return {
            "features": features,
            "deprovision": {
                name: action for name, action in chosen.items() if action != application.deprovision.get(name)
            },
            "mode": self.cleaned_data.get("mode", application.mode),
            "delete_after_days": self.cleaned_data["delete_after_days"],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSwitch:
    """A switch with its field, and why it does nothing where the application cannot."""

    switch: Switch
    field: Any
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCause:
    """A cause with its field and what the choice comes to in this application."""

    cause: Cause
    field: Any
    comes_to: Deprovision
    #: Why the application cannot delete, with who said so; "" where it can.
    forbids: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of the application, read once."""

    dialect: Dialect
    idle: Mapping[str, Obstacle]
    cannot_delete: str


def features(
    request: HttpRequest,  # noqa: ARG001 - as `editor`
    application: Application,
    *,
    without_mode: bool = False,
) -> dict[str, Any]:
    """The context of the include for what is stored now."""
    return _context(application, _stored(application, without_mode=without_mode), _known(application))


def save_features(
    request: HttpRequest, application: Application, *, without_mode: bool = False
) -> Literal[True] | dict[str, Any]:
    """Save the switches, or say why not. See the module for the return value."""
    form, actor = FeaturesForm(request.POST, without_mode=without_mode), actor_of(request)
    known = _known(application)
    if not form.is_valid():
        return _context(application, form, known)
    changes, version = form.changes(application, set(known.idle)), form.cleaned_data["edition"]
    try:
        foreseen = would_change(application, changes, actor, version=version)
        if foreseen.asks and form.cleaned_data["confirmed"] != foreseen.seal:
            return _context(application, form, known, foreseen=foreseen)
        update_application(application.id, changes, actor=actor, version=version)
    except REFUSALS as refusal:
        if not is_conflict(refusal):
            place_errors(form, refusal, {f"deprovision/{cause.value}": cause.value for cause, _m in CAUSES})
            return _context(application, form, known)
        application.refresh_from_db()
        form.data = {**cast("QueryDict", form.data).dict(), "edition": str(application.version)}
        return _context(application, form, known, meanwhile=meanwhile(application))
    return True


def features_reach(request: HttpRequest, application: Application) -> dict[str, Any]:
    """What saving the switches as they stand would do, and what each cause comes to then."""
    form, known = FeaturesForm(request.POST, without_mode="mode" not in request.POST), _known(application)
    context = _context(application, form, known)
    if not form.is_valid():
        return context
    changes = form.changes(application, set(known.idle))
    context["is_changed"] = any(
        getattr(application, name) != value for name, value in changes.items() if name != "deprovision"
    ) or bool(changes["deprovision"])
    if context["is_changed"]:
        try:
            context["foreseen"] = would_change(application, changes, actor_of(request))
        except REFUSALS as refusal:
            context["refusal"] = sentence_of(refusal)
    return context


def _stored(application: Application, *, without_mode: bool) -> FeaturesForm:
    switches = {switch.name: value_of(application.features, switch.path) for switch in SWITCHES}
    actions = {cause.value: application.deprovision.get(cause.value, "") for cause, _meaning in CAUSES}
    others = {
        "mode": application.mode,
        "delete_after_days": application.delete_after_days,
        "edition": application.version,
    }
    return FeaturesForm(initial={**switches, **actions, **others}, without_mode=without_mode)


def _known(application: Application) -> _Known:
    facts = facts_of(application)
    dialect = resolve(facts)
    by_name = strongest(facts, dialect)
    idle = {switch.name: obstacle for switch in SWITCHES for obstacle in obstacles(switch, dialect, by_name)}
    said = by_name.get("delete_users")
    origin = ORIGINS.get(dialect.origin("delete_users"), "")
    cannot_delete = "" if dialect.delete_users else str(origin)
    if cannot_delete and said and said.evidence:
        cannot_delete = f"{cannot_delete}: {said.evidence}"
    return _Known(dialect=dialect, idle=idle, cannot_delete=cannot_delete)


def _context(
    application: Application,
    form: FeaturesForm,
    known: _Known,
    *,
    foreseen: WouldChange | None = None,
    meanwhile: Meanwhile | None = None,
) -> dict[str, Any]:
    for name in known.idle:
        form.fields[name].disabled = True
        form.initial[name] = False
    return {
        "application": application,
        "form": form,
        "groups": [
            (heading, [_shown_switch(form, switch, known) for switch in switches])
            for heading, switches in GROUPS
        ],
        "causes": [_shown_cause(form, cause, known) for cause, _meaning in CAUSES],
        "foreseen": foreseen,
        "meanwhile": meanwhile,
        "without_mode": "mode" not in form.fields,
    }


def _shown_switch(form: FeaturesForm, switch: Switch, known: _Known) -> ShownSwitch:
    return ShownSwitch(switch=switch, field=form[switch.name], obstacle=known.idle.get(switch.name))


def _shown_cause(form: FeaturesForm, cause: Cause, known: _Known) -> ShownCause:
    """What the chosen act comes to, by the planner that decides for the pass."""
    action = str(form[cause.value].value() or "")
    switches = Switches(delete=bool(form["users_delete"].value()))
    comes_to = deprovision(cause, cast("Mapping[str, str]", {cause: action}), switches, known.dialect)
    return ShownCause(cause=cause, field=form[cause.value], comes_to=comes_to, forbids=known.cannot_delete)
