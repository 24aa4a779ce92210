"""The form of a user, to add and to change."""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.console.forms import LONGEST, ConsoleForm, EditionMixin
from provisor.console.users.fields import MORE, NAMES, ProfileField, custom_fields, main_email, write_email
from provisor.directory import names
from provisor.directory.documents import set_manager
from provisor.directory.models import User
from provisor.directory.queries import as_id, users
from provisor.directory.references import MANAGER
from provisor.scim.resource import copied
from provisor.scim.schemas import USER_SCHEMA

#: Where a refusal of the directory belongs that names another place than a field's path.
_PLACES: Final = {"emails": "email", "phoneNumbers": "phone", MANAGER: "manager"}


class UserForm(ConsoleForm):
    """The attributes of a user. Made by `user_form`, which adds a field for each attribute."""

    email = forms.CharField(label=gettext_lazy("Work e-mail"), max_length=LONGEST, required=False)
    active = forms.BooleanField(
        label=gettext_lazy("Active"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Only active users are brought into applications."),
    )
    manager = forms.CharField(
        label=gettext_lazy("Manager"),
        max_length=LONGEST,
        required=False,
        help_text=gettext_lazy("The user name; type its beginning and choose."),
    )
    profile: ClassVar[list[ProfileField]] = []

    def clean(self) -> dict[str, Any]:
        """Read the lines of what has several values, and the manager."""
        cleaned = super().clean() or self.cleaned_data
        for field in self.profile:
            if field.multi_valued and field.name in cleaned:
                try:
                    cleaned[field.name] = field.values(cleaned[field.name])
                except ValidationError as error:
                    self.add_error(field.name, error)
        return cleaned

    def clean_manager(self) -> Any:
        """Return the id of the user who was named, or None."""
        text = self.cleaned_data["manager"].replace("\0", "")
        if not text:
            return None
        found = users().filter(user_name_key=names.fold(text)).first() or _with_id(text)
        if found is None:
            raise ValidationError(
                _("There is no user “%(name)s”. Choose one of the list, or leave it empty.") % {"name": text}
            )
        return found.id

    def document(self, before: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the RFC 7643 document; what the form does not show stays as it was before."""
        document = copied(before) if before else {"schemas": [USER_SCHEMA]}
        for field in self.profile:
            field.write(document, self.cleaned_data[field.name])
        write_email(document, self.cleaned_data["email"])
        document["active"] = self.cleaned_data["active"]
        return set_manager(document, self.cleaned_data["manager"])

    @property
    def places(self) -> dict[str, str]:
        """Where the refusals of the directory belong."""
        return _PLACES | {field.path: field.name for field in self.profile}

    def more(self) -> Iterator[forms.BoundField]:
        """The fields that are folded away."""
        yield self["manager"]
        yield from (self[field.name] for field in self.profile if field not in NAMES)

    @property
    def more_is_open(self) -> bool:
        """Whether something is in the fields that are folded away, or is wrong there."""
        return any(bound.errors or bound.value() for bound in self.more())


def _with_id(text: str) -> User | None:
    wanted = as_id(text)
    return users().filter(id=wanted).first() if wanted else None


def user_form(*, edition: bool = False) -> type[UserForm]:
    """Make the form of this moment: custom attributes come and go. With `edition` it is for a user who exists."""
    profile = [*NAMES, *MORE, *custom_fields()]
    fields: dict[str, Any] = {field.name: field.form_field() for field in profile}
    fields["user_name"].required = True
    fields["user_name"].error_messages["required"] = _("Every user needs a user name.")
    if not edition:
        fields["display_name"].help_text = _("Left empty, it is made of the two names.")
    bases = (EditionMixin, UserForm) if edition else (UserForm,)
    metaclass: Any = type(UserForm)
    made: type[UserForm] = metaclass(
        "FormOfUser", bases, {**fields, "profile": profile, "__module__": __name__}
    )
    return made


def initial_of(user: User, form: type[UserForm]) -> dict[str, Any]:
    """Return what the form shows for this user."""
    shown = {field.name: field.initial(user.resource) for field in form.profile}
    email = main_email(user.resource) or {}
    manager = users().filter(id=user.manager_id).first() if user.manager_id else None
    return shown | {
        "email": email.get("value", ""),
        "active": user.active,
        "manager": manager.user_name if manager else "",
        "edition": user.version,
    }
