"""Who, and in which application: the two fields of the question."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access.narrowing import known
from provisor.applications.models import Application
from provisor.console.forms import ConsoleForm
from provisor.console.groups.forms import choosing
from provisor.directory.models import User
from provisor.directory.names import LONGEST_NAME, fold
from provisor.directory.queries import as_id, users

#: The id of the list of names that the field offers.
OPTIONS = "why-users"


class _OldChoiceField(forms.ChoiceField):
    """Takes what is not on the list: an old link may name an application that is deleted."""

    def valid_value(self, value: Any) -> bool:  # noqa: ARG002 - Django's form
        return True


class WhyForm(ConsoleForm):
    """Cleaned to a user and an application, each None where it was left empty. Deleted ones are found by their id."""

    user = forms.CharField(
        label=gettext_lazy("User"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(
            attrs={**choosing(reverse_lazy("user-choices"), OPTIONS), "data-filter": "", "placeholder": gettext_lazy("User name")}
        ),
    )  # fmt: skip
    application = _OldChoiceField(label=gettext_lazy("Application"), required=False)

    def __init__(self, given: Mapping[str, Any], applications: Sequence[Application]) -> None:
        super().__init__(given)
        self._applications = {str(one.id): one for one in applications}
        choices = [(key, one.name) for key, one in self._applications.items()]
        field = self.fields["application"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose an application")), *choices]

    def clean_user(self) -> User | None:
        """Return the user of that name or id; one who was deleted only by the id."""
        text: str = self.cleaned_data["user"].replace("\0", "").strip()
        if not text:
            return None
        found = users().filter(user_name_key=fold(text)).first()
        if found is None and (key := as_id(text)) is not None:
            found = User.objects.filter(id=key).first()
        if found is None:
            said = _("There is no user “%(name)s”. Type the beginning of a user name and choose one.")
            raise ValidationError(said % {"name": text})
        # An id in the address comes back as the name that people know.
        self.data = {**self.data, "user": found.user_name}
        return found

    def clean_application(self) -> Application | None:
        """Return the application of that id; a deleted one is found too."""
        text: str = self.cleaned_data["application"]
        if not text:
            return None
        key = as_id(text)
        found = self._applications.get(str(key))
        if found is None and key is not None:
            found = known(Application.objects.filter(id=key), "pk").first()
        if found is None:
            raise ValidationError(_("There is no such application any more. Choose another one."))
        return found
