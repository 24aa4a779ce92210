"""What the services refuse, as problems: each kind of refusal has one status."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from provisor.access.refusal import AccessRefusal
from provisor.access.refusal import Kind as AccessKind
from provisor.api.bearer import Unauthenticated
from provisor.api.documents import BodyRefused
from provisor.api.management.problems import Fault, Problem
from provisor.applications.refusals import ConfigurationRefusal
from provisor.applications.refusals import RefusalKind as ConfigurationKind
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.refusal import RefusalKind as DirectoryKind
from provisor.mapping.problems import MappingRefused
from provisor.provisioning.operations import OperationRefused
from provisor.provisioning.preview.testing_often import TestedTooOften

_CONFIGURATION: Final[Mapping[ConfigurationKind, tuple[int, str]]] = {
    ConfigurationKind.INVALID: (422, "invalid"),
    ConfigurationKind.DUPLICATE: (409, "duplicate"),
    ConfigurationKind.MISSING: (404, "not-found"),
    ConfigurationKind.CONFLICT: (412, "changed-meanwhile"),
    ConfigurationKind.PROTECTED: (409, "not-now"),
    ConfigurationKind.RESERVED: (403, "forbidden"),
}
_DIRECTORY: Final[Mapping[DirectoryKind, tuple[int, str]]] = {
    DirectoryKind.INVALID: (422, "invalid"),
    DirectoryKind.DUPLICATE: (409, "duplicate"),
    DirectoryKind.MISSING: (404, "not-found"),
    DirectoryKind.CONFLICT: (412, "changed-meanwhile"),
    DirectoryKind.CYCLE: (422, "invalid"),
    DirectoryKind.PROTECTED: (409, "not-now"),
}
_ACCESS: Final[Mapping[AccessKind, tuple[int, str]]] = {
    AccessKind.INVALID: (422, "invalid"),
    AccessKind.DUPLICATE: (409, "duplicate"),
    AccessKind.MISSING: (404, "not-found"),
    AccessKind.PROTECTED: (409, "not-now"),
    AccessKind.EXCEEDS: (403, "forbidden"),
}
_BODY: Final = {400: "unreadable", 413: "too-large", 415: "wrong-media-type"}


def of_configuration(refused: ConfigurationRefusal) -> Problem:
    status, slug = _CONFIGURATION[refused.kind]
    faults = [Fault(pointer=each.place, reason=each.reason, hint=each.hint) for each in refused.problems]
    detail = " ".join(f"{each.reason} {each.hint}".strip() for each in refused.problems[:3])
    return Problem(status, slug, detail, faults)


def of_access(refused: AccessRefusal) -> Problem:
    status, slug = _ACCESS[refused.kind]
    return Problem(status, slug, refused.reason, [Fault(pointer=f"/{refused.field}", reason=refused.reason)])


def of_directory(refused: DirectoryRefusal) -> Problem:
    status, slug = _DIRECTORY[refused.kind]
    return Problem(status, slug, refused.reason)


def of_operation(refused: OperationRefused) -> Problem:
    if isinstance(refused, TestedTooOften):
        return Problem(429, "too-often", str(refused), retry_after=refused.seconds)
    return Problem(409, "not-now", str(refused))


def of_mapping(refused: MappingRefused) -> Problem:
    """A stored mapping that cannot be used any more: the application's to mend, not the request's."""
    reasons = " ".join(f"{each.place}: {each.reason}" for each in refused.problems[:3])
    detail = f"The mapping of the application cannot be used. {reasons} Change the mapping first."
    return Problem(409, "not-now", detail)


def of_body(refused: BodyRefused) -> Problem:
    return Problem(refused.status, _BODY[refused.status], refused.sentence)


def of_caller(reason: Unauthenticated) -> Problem:
    return Problem(401, "unauthenticated", reason.sentence)


def of_validation(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """The errors of pydantic, each at its place: (source, argument, step, ...)."""
    faults = [_fault(error) for error in errors]
    detail = " ".join(
        f"{fault.parameter or fault.pointer or 'The body'}: {fault.reason}." for fault in faults[:3]
    )
    return Problem(422, "invalid", detail, faults)


def _fault(error: Mapping[str, Any]) -> Fault:
    source, *steps = error["loc"]
    reason = str(error["msg"]).removesuffix(".")
    if source != "body":
        return Fault(parameter=".".join(str(step) for step in steps), reason=reason)
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps[1:])
    return Fault(pointer=pointer, reason=reason)
