"""What does not fit the attributes that the application lists, beside the rows of the editor."""

from collections.abc import Mapping
from typing import Any

from provisor.applications.models import Application
from provisor.applications.schemas import KnownSchema
from provisor.console.mapping.checking import specs
from provisor.console.mapping.draft import Draft, Part
from provisor.console.mapping.rows import KINDS, Row
from provisor.mapping.conformance import advice_on, announced, missing_attributes, on_missing
from provisor.mapping.paths import read_path
from provisor.mapping.vocabulary import Vocabulary, vocabulary
from provisor.scim.announced_schema import AnnouncedAttribute, AnnouncedResource
from provisor.scim.path import PathError


def advise(application: Application, draft: Draft, known: KnownSchema | None) -> None:
    """Put sentences beside the rows, and the values that the application names into them; nothing if none is known."""
    for plural, part in draft.parts.items():
        kind = KINDS[plural]
        resource = known.schema.of(kind) if known else None
        if resource is None:
            continue
        words = vocabulary(kind, specs(row for row in draft.declared if row.resource_type.casefold() == kind))
        _advise_part(part, words, resource, application.features)


def _advise_part(
    part: Part, words: Vocabulary, resource: AnnouncedResource, features: Mapping[str, Any]
) -> None:
    for row in part.rows:
        row.values = _values(row, words, resource)
    for row, rule in part.checked.pairs:
        row.advice = tuple(advice_on(rule, words, resource))
    if part.wrong:  # a rule with an error may be the one that is missed
        return
    switched = [name for name in ("roles", "entitlements") if features.get(name)]
    missing = missing_attributes(part.checked.sound, words, resource, switched)
    part.advice = tuple(on_missing(path, words) for path in missing)


def _values(row: Row, words: Vocabulary, resource: AnnouncedResource) -> tuple[str, ...]:
    try:
        found: AnnouncedAttribute | None = announced(resource, read_path(row.target, words.kind))
    except PathError:
        return ()
    if found is None:
        return ()
    return ("true", "false") if found.type == "boolean" else found.canonical_values
