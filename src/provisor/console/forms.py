"""Forms as the pages show them: label, field, help and error together, and a note of the edition that was read."""

from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

#: The longest text that a field takes unless it says otherwise; services have their own, smaller limits.
LONGEST = 4096


class FormRenderer(DjangoTemplates):
    """Named in the settings: every form of the site is drawn by `console/forms/`."""

    field_template_name = "console/forms/field.html"
    form_template_name = "console/forms/form.html"


class ConsoleForm(forms.Form):
    """A form whose fields look like Tabler's. Text is kept as it was typed, and comes back with its error."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _dress(field)


class EditionMixin(forms.Form):
    """For a form that changes a row with a `version`: the version that the person saw travels with the form."""

    edition = forms.IntegerField(widget=forms.HiddenInput, required=True, label=_("Edition"))


def _dress(field: forms.Field) -> None:
    widget = field.widget
    if isinstance(widget, (forms.CheckboxSelectMultiple, forms.RadioSelect)):
        return
    if isinstance(widget, forms.CheckboxInput):
        name = "form-check-input"
    elif isinstance(widget, forms.Select):
        name = "form-select"
    else:
        name = "form-control"
    widget.attrs["class"] = f"{widget.attrs.get('class', '')} {name}".strip()
