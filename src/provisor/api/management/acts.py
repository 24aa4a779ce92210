"""What can be done with an application: test, plan, sync, provision one, pause and resume."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management import documents, engine_port
from provisor.api.management.answers import Limit, answer, paging, seen_version
from provisor.api.management.applications import find, shown
from provisor.api.management.caller import actor_of
from provisor.api.management.mounting import operation
from provisor.api.management.problems import Fault, Problem
from provisor.api.management.shapes import Application, Explained, Pause, Plan, ProvisionWhom, Run, Steps
from provisor.api.management.shapes_known import ConnectionTest
from provisor.applications import applications as services
from provisor.directory.queries import get_group, get_user

router = Router(tags=["Acts"])


@operation(router, "POST", "/applications/{application_id}/test", gives=ConnectionTest)
def test_application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Test the connection: reachability, TLS, authentication, discovery, a search. Nothing is written there."""
    return answer(engine_port.test_connection(find(application_id).id, actor_of(request)))


@operation(router, "POST", "/applications/{application_id}/plan", gives=Plan, shown=False)
@operation(router, "GET", "/applications/{application_id}/plan", gives=Plan)
def plan_application(
    request: HttpRequest,
    application_id: str,
    *,
    user: str | None = None,
    group: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """Say what a pass would do now, for everybody, one user or one group. Nothing is written, here or there."""
    application, page = find(application_id), paging(request, limit, cursor)
    if user is not None:
        return answer(documents.plan(engine_port.plan_one(application.id, "user", get_user(user).id)))
    if group is not None:
        return answer(documents.plan(engine_port.plan_one(application.id, "group", get_group(group).id)))
    plan = engine_port.plan_application(application.id, page.position, limit)
    following = None if plan["next"] is None else page.cursor_at(plan["next"])
    return answer(documents.plan(plan) | {"next": following})


@operation(router, "GET", "/applications/{application_id}/explain", gives=Explained)
def explain_access(request: HttpRequest, application_id: str, user: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Say why a user has an account there, or why not: journal entry, membership, policy, account, plan and attempts."""
    return answer(engine_port.explain(find(application_id), get_user(user)))


@operation(router, "POST", "/applications/{application_id}/sync", gives=Run, status=202)
def sync_application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Ask for a pass. The answer names the run; follow it at /runs/{id}."""
    run = engine_port.request_sync(find(application_id).id, actor_of(request))
    location = f"{request.path.partition('/applications/')[0]}/runs/{run.id}"
    return answer(documents.run(run), 202, location=location)


@operation(router, "POST", "/applications/{application_id}/provision", gives=Steps)
def provision_now(request: HttpRequest, application_id: str, body: ProvisionWhom) -> HttpResponse:
    """Provision one user or one group at once, past the brake, and say step by step what happened."""
    application = find(application_id)
    if bool(body.user) == bool(body.group):
        reason = 'Give either "user" or "group", with an id.'
        raise Problem(422, "invalid", reason, [Fault(pointer="", reason=reason)])
    kind = "user" if body.user else "group"
    subject = get_user(body.user) if body.user else get_group(body.group)
    return answer(engine_port.provision_now(application.id, kind, subject.id, actor_of(request)))


@operation(router, "POST", "/applications/{application_id}/pause", gives=Application)
def pause_application(request: HttpRequest, application_id: str, body: Pause | None = None) -> HttpResponse:
    """Send nothing more to the application, within one second."""
    row = find(application_id)
    version = seen_version(request, row.version)
    reason = body.reason if body else ""
    row = services.pause(row.id, actor=actor_of(request), reason=reason, version=version)
    return shown(row)


@operation(router, "POST", "/applications/{application_id}/resume", gives=Application)
def resume_application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Go on sending."""
    row = find(application_id)
    version = seen_version(request, row.version)
    row = services.resume(row.id, actor=actor_of(request), version=version)
    return shown(row)
