"""One request to the SCIM interface and what its handlers need of it."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from provisor.access.principals import Principal
from provisor.api.documents import BodyRefused, MediaTypes, parse, read_body
from provisor.audit.actor import Actor
from provisor.scim.errors import ScimError

ROOT: Final = "/scim/v2"
MEDIA_TYPE: Final = "application/scim+json"
_ACCEPTED: Final = MediaTypes(accepted=frozenset({MEDIA_TYPE, "application/json"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request whose caller may do what it asks for. `principal` is None on public addresses only."""

    request: HttpRequest
    principal: Principal | None

    @property
    def actor(self) -> Actor:
        assert self.principal is not None
        return self.principal.actor

    @property
    def base(self) -> str:
        """The absolute address of the interface, which `meta.location` and `$ref` begin with."""
        return f"{settings.PUBLIC_URL or self.request.build_absolute_uri('/').rstrip('/')}{ROOT}"

    def query(self, name: str) -> str | None:
        return self.request.GET.get(name)

    def body(self) -> dict[str, Any]:
        """The JSON object of the body. Raises `ScimError` 400 invalidSyntax, 413 or 415."""
        try:
            _ACCEPTED.check(self.request)
            document = parse(read_body(self.request))
        except BodyRefused as refused:
            scim_type = "invalidSyntax" if refused.status == 400 else ""  # noqa: PLR2004 - an HTTP status
            raise ScimError(refused.status, scim_type, refused.sentence) from None
        if not isinstance(document, dict):
            raise ScimError(400, "invalidSyntax", "The body must be a JSON object.")
        return document
