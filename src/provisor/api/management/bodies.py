"""Bodies that the services check themselves: any JSON object, described to OpenAPI by its shape."""

from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler, RootModel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from provisor.api.management.shapes import ApplicationChange, ApplicationNew, PolicyChange, PolicyNew, Shape


class Body(RootModel[dict[str, Any]]):
    """A JSON object as it was sent: the services look at every member, and say what is wrong at its place.

    `described_by` names the shape that OpenAPI shows for it.
    """

    described_by: ClassVar[type[Shape]] = Shape

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(cls.described_by.__pydantic_core_schema__)


class ApplicationNewBody(Body):
    described_by = ApplicationNew


class ApplicationChangeBody(Body):
    described_by = ApplicationChange


class PolicyNewBody(Body):
    described_by = PolicyNew


class PolicyChangeBody(Body):
    described_by = PolicyChange
