"""Contexts for rehearsals, kept from one to the next: while one is compiled, other writers wait.

A context is known by all that it is made of, not by the version of its application: a rehearsal counts a version up and
takes it back, and the next change has the same number.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from provisor.applications.models import Application
from provisor.mapping.rule import CustomAttributeSpec
from provisor.provisioning.passes.context import Context, load_context

#: More than one rehearsal usually reaches.
_KEPT = 100
_contexts: OrderedDict[Any, Context] = OrderedDict()
_turn = Lock()


def context_of(application: Application, custom: Sequence[CustomAttributeSpec]) -> Context:
    """Return the context of an application. Raises MappingRefused when a stored rule does not compile any more."""
    key = _made_of(application, custom)
    with _turn:
        if key in _contexts:
            _contexts.move_to_end(key)
            return _contexts[key]
    context = load_context(application, custom)
    with _turn:
        _contexts[key] = context
        while len(_contexts) > _KEPT:
            _contexts.popitem(last=False)
    return context


def _made_of(application: Application, custom: Sequence[CustomAttributeSpec]) -> Any:
    fields = application._meta.concrete_fields  # noqa: SLF001 - the documented way to the fields of a model
    values = [repr(getattr(application, field.attname)) for field in fields]
    facts = [(each.pk, each.name, each.origin, repr(each.value)) for each in application.capabilities.all()]
    return (*values, *sorted(facts), *custom)
