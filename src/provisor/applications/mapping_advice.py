"""A stored mapping against what the application lists of itself, for whoever is not in the editor."""

from collections.abc import Iterator
from dataclasses import dataclass

from provisor.applications.models import Application
from provisor.applications.schemas import KnownSchema
from provisor.directory.models import CustomAttribute
from provisor.mapping.conformance import advice_on, missing_attributes, on_missing
from provisor.mapping.problems import MappingRefused
from provisor.mapping.rule import CustomAttributeSpec, read_rules
from provisor.mapping.vocabulary import Kind, vocabulary

_KINDS: tuple[tuple[str, Kind], ...] = (("users", "user"), ("groups", "group"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A sentence on one rule of a mapping, or on an attribute that has none."""

    mapping: str
    target: str
    sentence: str


def advice_on_mappings(application: Application, known: KnownSchema | None) -> tuple[Advice, ...]:
    """What does not fit; nothing where the application's attributes were never read. At most one query."""
    return tuple(_advice(application, known)) if known else ()


def _advice(application: Application, known: KnownSchema) -> Iterator[Advice]:
    declared = list(CustomAttribute.objects.all())
    for plural, kind in _KINDS:
        resource = known.schema.of(kind)
        if resource is None:
            continue
        custom = [
            CustomAttributeSpec(schema=r.schema, name=r.name, type=r.type, multi_valued=r.multi_valued)
            for r in declared
            if r.resource_type.casefold() == kind
        ]
        try:
            rules = read_rules(application.mappings.get(plural, []), kind, custom)
        except MappingRefused:
            continue  # what is wrong with it is no matter of the application; a save says it
        words = vocabulary(kind, custom)
        for rule in rules:
            for sentence in advice_on(rule, words, resource):
                yield Advice(mapping=plural, target=rule.target, sentence=sentence)
        sent = [name for name in ("roles", "entitlements") if application.features.get(name)]
        for path in missing_attributes(rules, words, resource, sent):
            yield Advice(mapping=plural, target=path, sentence=on_missing(path, words))
