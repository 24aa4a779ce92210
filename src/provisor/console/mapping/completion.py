"""What the fields of the editor offer while one types: names of attributes, of there and of here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from provisor.applications.models import Application
from provisor.applications.profiles import GENERIC, Profile, load_profile
from provisor.applications.schemas import KnownSchema
from provisor.console.mapping.checking import specs
from provisor.console.mapping.rows import KINDS, Plural
from provisor.directory.models import CustomAttribute
from provisor.mapping.defaults import EMAIL_SOURCE, default_rules
from provisor.mapping.vocabulary import Attribute, Vocabulary, vocabulary
from provisor.scim.announced_schema import AnnouncedAttribute, AnnouncedResource, sub_attribute_of

#: Never targets: see `provisor.mapping.target`.
_NO_TARGETS: Final = frozenset(
    {"id", "meta", "schemas", "groups", "members", "password", "roles", "entitlements"}
)
#: Elements of lists that have a customary type.
_ELEMENTS: Final = {
    "emails": ('[type eq "work"].value', '[type eq "home"].value'),
    "phoneNumbers": ('[type eq "work"].value', '[type eq "mobile"].value'),
    "addresses": tuple(
        f'[type eq "work"].{part}'
        for part in ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
    ),
    "photos": ('[type eq "photo"].value',),
}
#: Sub-attributes that say which element it is, and not what it holds.
_LABELS: Final = frozenset({"type", "primary", "display", "$ref"})
#: Types of elements that are offered of one list.
_MOST_TYPES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A path of the application's resource. `note` says in words what it takes; "" where it never said."""

    path: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Paths to choose from, in the order in which they are offered."""

    targets: tuple[Target, ...]
    sources: tuple[str, ...]


def offers(
    application: Application, plural: Plural, rows: Iterable[CustomAttribute], known: KnownSchema | None
) -> Offers:
    """What a rule of this application may write and read.

    Targets are those that the application lists itself; where it was never asked, or lists none, those of its
    profile and of RFC 7643. Any other path can be typed.
    """
    kind = KINDS[plural]
    custom = specs(row for row in rows if row.resource_type.casefold() == kind)
    resource = known.schema.of(kind) if known else None
    targets = _announced(resource) if resource else _usual(application, plural)
    sources = [*_paths(vocabulary(kind, custom)), *((EMAIL_SOURCE,) if kind == "user" else ())]
    by_path = {each.path: each for each in targets}
    return Offers(targets=tuple(by_path.values()), sources=tuple(dict.fromkeys(sources)))


def _usual(application: Application, plural: Plural) -> Iterator[Target]:
    kind = KINDS[plural]
    known = [rule["target"] for rule in (*_profile(application).mappings[plural], *default_rules(kind))]
    for path in (*known, *_paths(vocabulary(kind), without=_NO_TARGETS)):
        yield Target(path=path)


def _announced(resource: AnnouncedResource) -> Iterator[Target]:
    """The application's own attributes: those that can be written first, then those that cannot."""
    offered = [
        each
        for each in resource.attributes
        if not sub_attribute_of(each.path) and each.path.casefold() not in _NO_TARGETS
    ]
    if "externalid" not in resource.by_path:  # a common attribute: schemas need not list it (RFC 7643, 3.1)
        offered.append(AnnouncedAttribute(path="externalId"))
    targets = [target for each in offered for target in _targets_of(each, resource)]
    yield from (Target(path=path, note=described(each)) for path, each in targets if not each.is_read_only)
    yield from (Target(path=path, note=described(each)) for path, each in targets if each.is_read_only)


def _targets_of(
    whole: AnnouncedAttribute, resource: AnnouncedResource
) -> Iterator[tuple[str, AnnouncedAttribute]]:
    """The paths by which one attribute can be written: itself, its parts, or the parts of its usual elements."""
    parts = resource.parts.get(whole.path.casefold(), ())
    if not parts:
        yield whole.path, whole
        return
    names = {sub_attribute_of(each.path): each for each in parts}
    if not whole.multi_valued:
        yield from ((each.path, each) for each in parts)
        return
    written = [name for name in names if name not in _LABELS]
    choices = _choices(names)
    if not choices or not written:
        yield whole.path, whole
    for choice in choices:
        yield from ((f"{whole.path}[{choice}].{name}", names[name]) for name in written)


def _choices(names: dict[str, AnnouncedAttribute]) -> list[str]:
    """How elements of a list are told apart: by the types that the application names, else by the customary one."""
    if "type" in names:
        types = names["type"].canonical_values or ("work",)
        # a quotation mark would need an escape that nobody reads; such a type can be typed
        return [f'type eq "{each}"' for each in types if '"' not in each and "\\" not in each][:_MOST_TYPES]
    return ["primary eq true"] if "primary" in names else []


def described(attribute: AnnouncedAttribute) -> str:
    """What an attribute takes, in a few words."""
    types = {
        "boolean": _("true or false"),
        "integer": _("whole number"),
        "decimal": _("number"),
        "dateTime": _("time"),
        "reference": _("address"),
        "complex": _("object"),
    }
    words = [types.get(attribute.type, _("text"))]
    if attribute.multi_valued:
        words.append(_("a list"))
    if attribute.required:
        words.append(_("required"))
    mutability = {
        "readOnly": _("read-only: it takes no value"),
        "immutable": _("on creation only"),
        "writeOnly": _("never shown by it"),
    }
    words += [mutability[attribute.mutability]] if attribute.mutability in mutability else []
    return ", ".join(words)


def _profile(application: Application) -> Profile:
    try:
        return load_profile(application.profile)
    except KeyError:
        return load_profile(GENERIC)


def _paths(words: Vocabulary, without: frozenset[str] = frozenset()) -> Iterator[str]:
    for schema, attributes in words.schemas.items():
        urn = words.urns.get(schema, "")
        if schema and not urn:
            continue  # the core schema once more, under its own name
        for attribute in attributes.values():
            if urn or attribute.name not in without:
                yield from _of(attribute, f"{urn}:" if urn else "")


def _of(attribute: Attribute, prefix: str) -> Iterator[str]:
    name = f"{prefix}{attribute.name}"
    if attribute.multi_valued and attribute.parts:
        yield from (
            f"{name}{element}" for element in _ELEMENTS.get(attribute.name, ("[primary eq true].value",))
        )
    elif attribute.parts:
        yield from (f"{name}.{part}" for part in attribute.part_names)
    else:
        yield name
