"""Scope filters of policies: checked when a policy is saved, judged wherever a policy is asked whom it brings."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from provisor.applications.models import Policy
from provisor.applications.refusals import Problems
from provisor.directory.models import CustomAttribute, User
from provisor.mapping.explanations import ExpressionRefused
from provisor.mapping.rule import CustomAttributeSpec
from provisor.mapping.scope import Scope, Verdict, check_scope, compile_scope

_EXAMPLE = 'Write a condition over the user, for example user.userType == "Employee", or leave it empty.'
_IN = Verdict(matches=True)


def check_policy_scope(text: object, problems: Problems) -> None:
    """Report a filter that cannot be used, with place and reason."""
    if not isinstance(text, str):
        problems.add("/scope", "The filter is no text.", _EXAMPLE)
    elif text.strip():
        try:
            check_scope(text, declared())
        except ExpressionRefused as refused:
            problems.add("/scope", refused.reason, refused.hint or _EXAMPLE)


def declared() -> list[CustomAttributeSpec]:
    """The custom attributes of the directory, as filters and mappings know them."""
    return [
        CustomAttributeSpec(
            schema=each.schema, name=each.name, type=each.type, multi_valued=each.multi_valued
        )
        for each in CustomAttribute.objects.all()
    ]


def judge(scope: str, user: User) -> Verdict:
    """Say whether a policy with this filter brings a user; an empty filter lets everybody in."""
    return judge_document(scope, document_of(user)) if scope.strip() else _IN


def judge_document(scope: str, document: Mapping[str, Any]) -> Verdict:
    """The same for a user's document with `id`."""
    compiled = compiled_or_why(scope)
    return compiled if isinstance(compiled, Verdict) else compiled.judge(document)


def compiled_or_why(scope: str) -> Scope | Verdict:
    """The compiled filter; a verdict of failure where a stored one does not compile any more."""
    try:
        return compile_scope(scope)
    except ExpressionRefused as refused:
        return Verdict(None, str(refused))


def document_of(user: User) -> dict[str, Any]:
    return {**user.resource, "id": str(user.id), "active": user.active}


def applying(policies: Iterable[Policy], user_id: UUID | str) -> Iterator[Policy]:
    """Keep the policies whose filter lets the user in; the user is read only where one has a filter."""
    user: User | None = None
    for policy in policies:
        if not policy.scope.strip():
            yield policy
            continue
        user = user or User.objects.filter(pk=user_id).first()
        if user is not None and judge(policy.scope, user).matches:
            yield policy
