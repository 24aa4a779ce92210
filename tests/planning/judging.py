"""An independent judge of what a PATCH or a PUT makes of a resource: scim2-models, which shares no line with us.

It applies operations to its own models and refuses what the RFC forbids, so a body that it takes is a valid one, too.
Two spellings of other vendors it takes by itself (dotted keys without a path, booleans as strings); members that are
removed by a list of values it takes under the policy that is named after Entra.
"""

from typing import Any

from scim2_models import URN, Context, EnterpriseUser, Extension, Group, PatchOp, ScimPolicy, User

Resource = dict[str, Any]

BADGE = "urn:acme:badge:1.0"
ENTRA = ScimPolicy(remove_value_as_filter=ScimPolicy.RemoveValue.apply)


class Badge(Extension):
    """An extension that a company has made up."""

    __schema__ = URN(BADGE)

    colour: str | None = None
    active: bool | None = None


JudgedUser = User[EnterpriseUser | Badge]
MODELS: dict[str, Any] = {"user": JudgedUser, "group": Group}


class Held:
    """One resource as an application of the letter of the RFC would hold it."""

    def __init__(self, kind: str, resource: Resource, policy: ScimPolicy | None = None) -> None:
        self._model = MODELS[kind]
        self._policy = policy
        self._resource = self._model.model_validate(resource)

    def patch(self, body: Resource) -> None:
        """Apply the body of a PATCH; raises where the RFC would have it refused."""
        context = {"scim": Context.RESOURCE_PATCH_REQUEST}
        with self._policy or ScimPolicy():
            patch = PatchOp[self._model].model_validate(body, context=context)
            patch.patch(self._resource)

    def put(self, body: Resource) -> None:
        """Take the body of a PUT in place of what is held; the id stays.

        It is not judged as a request: the RFC's schema demands a `$ref` of a manager, which no application does.
        """
        taken = self._model.model_validate(body)
        taken.id = self._resource.id
        self._resource = taken

    def shown(self) -> Resource:
        """What a GET returns."""
        shown: Resource = self._resource.model_dump(scim_ctx=Context.DEFAULT)
        return shown


def comparable(resource: Resource) -> Resource:
    """A resource without what says nothing: the order of values, `schemas`, which follow from the attributes, and

    elements of nothing but labels, which some applications keep when the last of their values is removed.
    """
    values = ((name, _ordered(value)) for name, value in resource.items() if name != "schemas")
    return {name: value for name, value in values if value not in ([], {}, None)}


def _ordered(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted((each for each in value if not _is_label(each)), key=repr)


def _is_label(element: Any) -> bool:
    return isinstance(element, dict) and not element.keys() - {"type", "primary"}
