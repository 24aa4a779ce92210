"""Fills the ports of `access/` that ask which policy applies and what a client is told, from `applications/`."""

from typing import Any
from uuid import UUID

from provisor.access.demands import Demand
from provisor.applications.deciding import Decision, decisions
from provisor.applications.lookup import live_applications
from provisor.applications.single_sign_on import application_of_client, claims_about
from provisor.directory.queries import get_user


class Policies:
    """Reads the current tables at each question, so that who leaves a group loses the application at once."""

    def demands(self, user_id: UUID) -> list[Demand]:
        return [_demand(each) for each in decisions(user_id)]

    def demand(self, user_id: UUID, application_id: UUID) -> Demand | None:
        return next((_demand(each) for each in decisions(user_id, application_id)), None)

    def name_of(self, application_id: UUID) -> str:
        return live_applications().filter(pk=application_id).values_list("name", flat=True).first() or ""


def _demand(decision: Decision) -> Demand:
    application, grant = decision.application, decision.grant
    return Demand(
        application_id=application.pk,
        application_name=application.name,
        launch_url=application.launch_url,
        policy_id=grant.policy_id,
        policy_name=grant.policy_name,
        login_method=grant.login_method,
        second_factor=grant.second_factor,
    )


class RelyingParties:
    """Reads the current tables at each question."""

    def application_of(self, client_id: str) -> UUID | None:
        found = application_of_client(client_id)
        return found.pk if found else None

    def claims(self, application_id: UUID, user_id: UUID) -> dict[str, Any]:
        application = live_applications().select_related("single_sign_on").get(pk=application_id)
        return claims_about(application, get_user(user_id))
