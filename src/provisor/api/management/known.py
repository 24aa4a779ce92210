"""/applications/{id}/attributes and /profile-change: what is known of an application, and what another profile says."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management.answers import answer
from provisor.api.management.applications import find
from provisor.api.management.mounting import operation
from provisor.api.management.shapes_known import Attributes, ProfileChange
from provisor.api.moments import rfc3339
from provisor.applications.mapping_advice import advice_on_mappings
from provisor.applications.models import Application
from provisor.applications.profile_change import foresee_profile
from provisor.applications.schemas import known_schema

router = Router(tags=["Applications"])


@operation(router, "GET", "/applications/{application_id}/attributes", gives=Attributes)
def get_application_attributes(request: HttpRequest, application_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read which attributes the application lists of itself, and what of the mapping does not fit them."""
    return answer(_attributes(find(application_id)))


@operation(router, "GET", "/applications/{application_id}/profile-change", gives=ProfileChange)
def foresee_profile_change(
    request: HttpRequest,  # noqa: ARG001 - django-ninja passes the request
    application_id: str,
    profile: str,
) -> HttpResponse:
    """Say what another profile would change. Nothing is written."""
    change = foresee_profile(find(application_id), profile)
    return answer(
        {
            "profile": change.profile.id,
            "facts": [asdict(each) for each in change.facts],
            "settings": {part: [asdict(each) for each in rows] for part, rows in change.settings.items()},
            "rules": {part: [asdict(each) for each in rows] for part, rows in change.rules.items()},
        }
    )


def _attributes(application: Application) -> dict[str, Any]:
    known = known_schema(application)
    if known is None:
        return {"at": None, "origin": "", "users": None, "groups": None, "advice": []}
    advice = [asdict(each) for each in advice_on_mappings(application, known)]
    return {
        "at": rfc3339(known.at),
        "origin": known.origin,
        **known.schema.as_document(),
        "advice": advice,
    }
