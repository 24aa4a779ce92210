"""When the attributes of an application are read: by a test of the connection and by the first pass, and R15 of both."""

import pytest

from provisor.applications.schemas import known_schema
from provisor.audit.actor import SYSTEM
from provisor.provisioning.preview import examination
from provisor.provisioning.preview.examination import read_attributes
from tests.provisioning.installation import ACTOR, Installation
from tests.servers import lab, scim2_server, scimmy


@pytest.mark.django_db(transaction=True)
def test_the_first_pass_and_a_test_of_the_connection_store_what_is_listed() -> None:
    with lab() as server:
        installation = Installation(server.base_url, server.token)
        installation.granted("Sales", *installation.users("ada"))
        installation.run()
        known = known_schema(installation.application)
        assert known is not None
        assert known.origin == "Pass"
        assert known.schema.users is not None
        assert known.schema.users.by_path["username"].required
        report = examination.test_connection(installation.application.pk, actor=SYSTEM)
        again = known_schema(installation.application)
    assert again is not None
    assert (again.origin, again.schema) == ("Test connection", known.schema)
    assert report["attributes"] == known.schema.as_document()
    assert "of users and 7 of groups." in {c["name"]: c["message"] for c in report["checks"]}["attributes"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("start", [scim2_server, scimmy])
def test_what_real_servers_list_is_read(start: object) -> None:
    """Servers that we did not write."""
    with start() as server:  # type: ignore[operator]  # one of the two
        installation = Installation(server.base_url, server.token)
        assert read_attributes(installation.application.pk, actor=ACTOR) == ""
        known = known_schema(installation.application)
    assert known is not None
    assert known.schema.users is not None
    assert known.schema.groups is not None
    assert {"username", "emails.value", "name.givenname"} <= known.schema.users.by_path.keys()


@pytest.mark.django_db(transaction=True)
def test_r15_where_nobody_answers_what_was_read_is_kept() -> None:
    with lab() as server:
        installation = Installation(server.base_url, server.token)
        assert read_attributes(installation.application.pk, actor=ACTOR) == ""
        before = known_schema(installation.application)
    assert read_attributes(installation.application.pk, actor=ACTOR) != ""
    assert known_schema(installation.application) == before
