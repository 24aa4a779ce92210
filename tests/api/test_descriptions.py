"""The descriptions that are kept for whoever builds on the interfaces are those of the code."""

import os

import pytest

from tests.api.descriptions import KEPT, described, path_of, written

#: Set to write the descriptions anew instead of comparing them.
WRITE = "WRITE_DESCRIPTIONS"


@pytest.mark.parametrize("name", KEPT)
def test_the_kept_description_is_that_of_the_code(db: None, name: str):
    """A change of an interface shows in the diff of docs/api, where it is looked at."""
    if os.environ.get(WRITE):
        path_of(name).parent.mkdir(exist_ok=True)
        path_of(name).write_text(written(name), encoding="utf-8")
    advice = f"The interface has changed. Look at what, then write it anew: {WRITE}=1 pytest tests/api/test_descriptions.py"
    assert path_of(name).read_text(encoding="utf-8") == written(name), advice


def _refusals(path: str) -> set[str]:
    """What SCIM says of itself is said to everybody."""
    return {"401"} if path == "/ServiceProviderConfig" else {"401", "403"}


@pytest.mark.parametrize("name", KEPT)
def test_each_operation_has_an_id_of_its_own_its_errors_and_who_may_ask(db: None, name: str):
    """Clients are generated from them: an id is a method's name, and an error that is not described is none of theirs."""
    whole = described(name)
    operations = [one for path in whole["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(ids) == len(set(ids)) > 20
    assert all(
        _refusals(path) <= one["responses"].keys()
        for path, each in whole["paths"].items()
        for one in each.values()
    )
    assert all("default" not in one["responses"] for one in operations)
    assert whole["components"]["securitySchemes"]
    assert whole.get("security") or all(one["security"] for one in operations)
