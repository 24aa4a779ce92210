"""The attributes of a user that a form shows, and their way between the form and the RFC 7643 document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.console.forms import LONGEST
from provisor.directory.attribute_definitions import AttributeType
from provisor.directory.models import CustomAttribute
from provisor.scim.path import assign, erase, read
from provisor.scim.schemas import ENTERPRISE_SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileField:
    """One attribute: `name` in the form, `path` in the document."""

    name: str
    path: str
    label: Promise | str
    type: str = AttributeType.STRING
    multi_valued: bool = False
    help_text: Promise | str = ""

    def form_field(self) -> forms.Field:
        """Return the field of the form; none is required but the user name."""
        given: dict[str, Any] = {"label": self.label, "required": False, "help_text": self.help_text}
        if self.multi_valued:
            given["help_text"] = " ".join(filter(None, (str(self.help_text), _("One value on each line."))))
            return forms.CharField(max_length=LONGEST * 4, widget=forms.Textarea(attrs={"rows": 3}), **given)
        if self.type == AttributeType.BOOLEAN:
            choices = [("", _("not said")), ("true", _("yes")), ("false", _("no"))]
            return forms.ChoiceField(choices=choices, **given)
        if self.type == AttributeType.INTEGER:
            return forms.IntegerField(**given)
        if self.type == AttributeType.DECIMAL:
            return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **given)
        if self.type == AttributeType.DATE_TIME:
            given["help_text"] = given["help_text"] or _("Such as 2026-11-23T10:00:00Z.")
        return forms.CharField(max_length=LONGEST, **given)

    def initial(self, document: Mapping[str, Any]) -> Any:
        """Return what the form shows for this document."""
        value = read(document, self.path)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            return "\n".join(str(one) for one in value)
        return value if isinstance(value, (str, int, float)) else ""

    def write(self, document: dict[str, Any], value: Any) -> None:
        """Put what the form has cleaned into the document; nothing clears the attribute."""
        if value in (None, "", []):
            erase(document, self.path)
        else:
            assign(document, self.path, value == "true" if self.type == AttributeType.BOOLEAN else value)

    def values(self, text: str) -> list[Any]:
        """Return the values of several lines. Raises `ValidationError`, naming the line that is none."""
        return [self._value(line.strip()) for line in text.splitlines() if line.strip()]

    def _value(self, text: str) -> Any:
        if self.type == AttributeType.BOOLEAN:
            if text.lower() not in {"true", "false"}:
                raise ValidationError(_("“%(text)s” is neither true nor false.") % {"text": text})
            return text.lower() == "true"
        try:
            if self.type == AttributeType.INTEGER:
                return int(text)
            if self.type == AttributeType.DECIMAL:
                return float(text)
        except ValueError:
            raise ValidationError(_("“%(text)s” is no number.") % {"text": text}) from None
        return text


def _field(name: str, path: str, label: Promise, help_text: Promise | str = "") -> ProfileField:
    return ProfileField(name=name, path=path, label=label, help_text=help_text)


def _enterprise(name: str, attribute: str, label: Promise) -> ProfileField:
    return ProfileField(name=name, path=f"{ENTERPRISE_SCHEMA}:{attribute}", label=label)


NAMES: Final = (
    _field(
        "user_name", "userName", gettext_lazy("User name"), gettext_lazy("What the person signs in with.")
    ),
    _field("given_name", "name.givenName", gettext_lazy("Given name")),
    _field("family_name", "name.familyName", gettext_lazy("Family name")),
    _field("display_name", "displayName", gettext_lazy("Display name")),
)
MORE: Final = (
    _field("title", "title", gettext_lazy("Title")),
    _enterprise("department", "department", gettext_lazy("Department")),
    _enterprise("employee_number", "employeeNumber", gettext_lazy("Employee number")),
    _field("phone", 'phoneNumbers[type eq "work"].value', gettext_lazy("Work phone")),
    _field("mobile", 'phoneNumbers[type eq "mobile"].value', gettext_lazy("Mobile phone")),
    _enterprise("organization", "organization", gettext_lazy("Organization")),
    _enterprise("division", "division", gettext_lazy("Division")),
    _enterprise("cost_center", "costCenter", gettext_lazy("Cost center")),
    _field("user_type", "userType", gettext_lazy("User type")),
    _field("nick_name", "nickName", gettext_lazy("Nickname")),
    _field("preferred_language", "preferredLanguage", gettext_lazy("Preferred language")),
    _field("locale", "locale", gettext_lazy("Locale")),
    _field("timezone", "timezone", gettext_lazy("Time zone")),
    _field(
        "external_id", "externalId", gettext_lazy("External id"), gettext_lazy("Its id in another system.")
    ),
)


def custom_fields() -> list[ProfileField]:
    """Return a field for each custom attribute of users that is declared now."""
    declared = CustomAttribute.objects.filter(resource_type=CustomAttribute.ResourceType.USER)
    return [
        ProfileField(
            name=f"custom_{one.id.hex}",
            path=f"{one.schema}:{one.name}",
            label=one.name,
            type=one.type,
            multi_valued=one.multi_valued,
            help_text=one.description,
        )
        for one in declared.order_by("schema", "name")
    ]


def main_email(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the e-mail of the document that the form edits: the primary one, else that of work, else the first."""
    emails: list[dict[str, Any]] = document.get("emails", [])
    ranked = sorted(
        emails, key=lambda one: (not one.get("primary"), str(one.get("type", "")).lower() != "work")
    )
    return ranked[0] if ranked else None


def write_email(document: dict[str, Any], address: str) -> None:
    """Change the main e-mail address where it stands, make it, or with nothing take it away."""
    main = main_email(document)
    if main is None:
        if address:
            document["emails"] = [{"value": address, "type": "work", "primary": True}]
    elif address:
        main["value"] = address
    else:
        document["emails"] = [one for one in document["emails"] if one is not main]
