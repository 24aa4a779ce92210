"""The attributes that an application lists: kept with their origin and time, and never lost to a failed reading."""

from collections.abc import Callable

from provisor.applications.applications import update_application
from provisor.applications.mapping_advice import advice_on_mappings
from provisor.applications.models import Application
from provisor.applications.schemas import known_schema, record_schema
from provisor.audit.actor import Actor
from provisor.scim.announced_schema import AnnouncedAttribute, AnnouncedResource, AnnouncedSchema

Make = Callable[..., Application]


def listed(*attributes: AnnouncedAttribute) -> AnnouncedSchema:
    return AnnouncedSchema(users=AnnouncedResource(attributes=attributes), groups=None)


TITLE = listed(AnnouncedAttribute(path="title"))


def test_r15_what_was_read_is_kept_with_its_origin_until_it_is_read_anew(make_application: Make) -> None:
    application = make_application()
    assert known_schema(application) is None
    record_schema(application, TITLE, origin="Test connection")
    first = known_schema(application)
    assert first is not None
    assert (first.schema, first.origin) == (TITLE, "Test connection")
    record_schema(application, None, origin="Pass")
    assert known_schema(application) == first
    locale = listed(AnnouncedAttribute(path="locale"))
    record_schema(application, locale, origin="Pass")
    second = known_schema(application)
    assert second is not None
    assert (second.schema, second.origin) == (locale, "Pass")
    assert second.at >= first.at


def test_another_address_forgets_the_attributes_and_another_name_does_not(
    make_application: Make, actor: Actor
) -> None:
    application = make_application()
    record_schema(application, TITLE, origin="Pass")
    update_application(application.pk, {"name": "Other"}, actor=actor)
    assert known_schema(application) is not None
    update_application(
        application.pk, {"base_url": "https://other.example.com/scim"}, actor=actor, may_loosen=True
    )
    assert known_schema(application) is None


def test_a_stored_mapping_gets_advice_by_rule_and_for_what_is_missed(make_application: Make) -> None:
    application = make_application()
    assert advice_on_mappings(application, None) == ()
    attributes = (
        AnnouncedAttribute(path="userName"),
        AnnouncedAttribute(path="badge", required=True),
        AnnouncedAttribute(path="locale", mutability="readOnly"),
    )
    record_schema(application, listed(*attributes), origin="Pass")
    advice = {each.target: each for each in advice_on_mappings(application, known_schema(application))}
    assert "userName" not in advice
    assert "read-only" in advice["locale"].sentence
    assert "requires" in advice["badge"].sentence
    assert "does not list" in advice["title"].sentence
    assert {each.mapping for each in advice.values()} == {"users"}
