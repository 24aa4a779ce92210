"""The descriptions of both interfaces as they are kept in docs/api.

What changes there changes for whoever builds on the interfaces.
"""

import json
from pathlib import Path
from typing import Any, Final

import orjson

PLACE: Final = Path(__file__).parents[2] / "docs" / "api"
KEPT: Final = ("management", "scim")


def described(name: str) -> dict[str, Any]:
    """The description as the code makes it now; of SCIM, where no custom attribute is declared."""
    from provisor.api.management.description import description_of
    from provisor.api.management.urls import interface
    from provisor.api.scim.description import scim_description

    made = description_of(interface) if name == "management" else scim_description()
    return orjson.loads(orjson.dumps(made, option=orjson.OPT_NON_STR_KEYS))  # type: ignore[no-any-return]


def path_of(name: str) -> Path:
    return PLACE / f"{name}.openapi.json"


def written(name: str) -> str:
    return json.dumps(described(name), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
