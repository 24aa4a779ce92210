"""Declaring custom attributes, so that users and groups can have them (RFC 7643, section 6: schema extensions)."""

import re
from uuid import UUID

from django.db.models import QuerySet, TextField, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast, StrIndex

from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.directory import journal
from provisor.directory.attribute_definitions import AttributeDefinition
from provisor.directory.changes import change
from provisor.directory.models import CustomAttribute, Group, User
from provisor.directory.queries import as_id
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.values import checked, shown

#: RFC 8141, section 2, and RFC 7643, section 2.1 for the name.
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[a-z0-9()+,.:=@;$_!*'-]{1,200}", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9$_-]{0,99}")
#: Schemas of the standard are not for anybody to extend.
_RESERVED = "urn:ietf:params:scim:"
#: Names that could be taken for something else in a path or in a document.
_FORBIDDEN_NAMES = frozenset({"schemas", "id", "meta"})


def declare_attribute(
    schema: str,
    name: str,
    *,
    actor: Actor,
    type: str = "string",  # noqa: A002 - the word of RFC 7643, section 7
    multi_valued: bool = False,
    description: str = "",
    resource_type: str = "User",
) -> CustomAttribute:
    """Declare one attribute of an extension schema, for users or for groups.

    `schema` is a URN of your own, such as `urn:example:params:scim:schemas:extension:acme:2.0:User`. Raises
    `DirectoryRefusal`: invalid, or duplicate when the schema has an attribute of that name, in whatever case.
    """
    _check_words(schema, name, type, resource_type)
    _check_description(description)
    with change():
        siblings = list(CustomAttribute.objects.filter(schema__iexact=schema))
        _check_siblings(siblings, name, resource_type)
        attribute = CustomAttribute.objects.create(
            # The spelling that came first stays: URNs compare without case.
            schema=siblings[0].schema if siblings else schema,
            name=name,
            type=type,
            multi_valued=multi_valued,
            description=description,
            resource_type=resource_type,
        )
        _note("attribute.declared", attribute, actor)
    return attribute


def describe_attribute(attribute_id: UUID, description: str, *, actor: Actor) -> CustomAttribute:
    """Change the description. Type and name stay: users may have values."""
    _check_description(description)
    with change():
        attribute = _get(attribute_id)
        if attribute.description != description:
            attribute.description = description
            attribute.save(update_fields=["description"])
            _note("attribute.described", attribute, actor)
    return attribute


def remove_attribute(attribute_id: UUID, *, actor: Actor) -> None:
    """Remove the declaration. Raises `DirectoryRefusal`: missing, or protected while anybody has a value."""
    with change():
        attribute = _get(attribute_id)
        holders = holders_of(attribute).count()
        if holders:
            noun = "user" if attribute.resource_type == CustomAttribute.ResourceType.USER else "group"
            raise DirectoryRefusal(
                "id",
                f"The attribute {shown(attribute.name)} has a value in {holders:,} {noun}{'s' * (holders > 1)}, "
                "which would be lost. Clear these values first.",
                RefusalKind.PROTECTED,
            )
        _note("attribute.removed", attribute, actor)
        attribute.delete()


def holders_of(attribute: CustomAttribute) -> QuerySet[User] | QuerySet[Group]:
    """Return the users or groups, deleted ones left out, that have a value of the attribute."""
    value = KeyTransform(attribute.name, KeyTransform(attribute.schema, "resource"))
    # to look for the schema's name in the text costs half of what it costs to read the text as JSON
    named = StrIndex(Cast("resource", TextField()), Value(attribute.schema))
    if attribute.resource_type == CustomAttribute.ResourceType.USER:
        users = User.objects.filter(deleted_at__isnull=True).alias(named=named).filter(named__gt=0)
        return users.alias(value=value).filter(value__isnull=False)
    groups = Group.objects.filter(deleted_at__isnull=True).alias(named=named).filter(named__gt=0)
    return groups.alias(value=value).filter(value__isnull=False)


def _get(attribute_id: object) -> CustomAttribute:
    wanted = as_id(attribute_id)
    found = None if wanted is None else CustomAttribute.objects.filter(id=wanted).first()
    if found is None:
        raise DirectoryRefusal(
            "id",
            f"There is no custom attribute {shown(attribute_id)}, or it was removed.",
            RefusalKind.MISSING,
        )
    return found


def _check_words(schema: str, name: str, type_: str, resource_type: str) -> None:
    if not _URN.fullmatch(schema) or "__" in schema:
        raise DirectoryRefusal(
            "schema",
            f"{shown(schema)} is no URN. Write one of your own, such as "
            '"urn:example:params:scim:schemas:extension:acme:2.0:User".',
        )
    if schema.lower().startswith(_RESERVED):
        raise DirectoryRefusal(
            "schema",
            f"{shown(schema)} is a schema of the standard, which cannot be extended. Use a URN of your own.",
        )
    if not _NAME.fullmatch(name) or "__" in name or name.lower() in _FORBIDDEN_NAMES:
        raise DirectoryRefusal(
            "name",
            f"{shown(name)} is no name of an attribute. Use letters, digits, hyphens and single underscores, a letter "
            'first, and another name than "id", "meta" and "schemas".',
        )
    _check_choice("type", type_, CustomAttribute.Type.values)
    _check_choice("resource_type", resource_type, CustomAttribute.ResourceType.values)


def _check_description(description: str) -> None:
    checked(description, AttributeDefinition(name="description"), "description")


def _check_choice(field: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        raise DirectoryRefusal(field, f"{shown(value)} is none of {', '.join(choices)}. Choose one of these.")


def _check_siblings(siblings: list[CustomAttribute], name: str, resource_type: str) -> None:
    for sibling in siblings:
        if sibling.resource_type != resource_type:
            raise DirectoryRefusal(
                "resource_type",
                f"The schema {shown(sibling.schema)} belongs to {sibling.resource_type} resources. Use another URN.",
            )
        if sibling.name.lower() == name.lower():
            raise DirectoryRefusal(
                "name", f"The schema has an attribute {shown(sibling.name)} already.", RefusalKind.DUPLICATE
            )


def _note(event: str, attribute: CustomAttribute, actor: Actor) -> None:
    kept = ("schema", "name", "type", "multi_valued", "description", "resource_type")
    detail = {word: getattr(attribute, word) for word in kept}
    journal.record(event, actor=actor, subject_id=attribute.id, detail=detail)
    side = "before" if event == "attribute.removed" else "after"
    record(actor, event, subject_id=attribute.id, subject_label=attribute.name, **{side: detail})
