"""Figures for Prometheus, behind a token: two queries, and never a user id as a label."""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from provisor.access.narrowing import known, narrowed_to
from provisor.access.permissions import Permission
from provisor.access.tokens import authenticate
from provisor.applications.models import Application
from provisor.provisioning.models import Health, Link


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus text format, to a bearer token that may read."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    principal = authenticate(token.strip()) if scheme.lower() == "bearer" else None
    if principal is None:
        headers = {"WWW-Authenticate": 'Bearer realm="Provisor"'}
        return HttpResponse(
            "A valid API token is needed.\n", status=401, content_type="text/plain", headers=headers
        )
    if principal.scim_only or not principal.may(Permission.READ):
        return HttpResponse("The token may not read.\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    with narrowed_to(principal.applications):
        registry.register(_Figures())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        names = dict(known(Application.objects.filter(deleted_at=None), "pk").values_list("id", "name"))
        links = GaugeMetricFamily(
            "provisor_links", "Links by state.", labels=["application", "kind", "state"]
        )
        counts = (
            Link.objects.order_by().values_list("application_id", "kind", "state").annotate(count=Count("id"))
        )
        for application, kind, state, count in counts:
            if application in names:
                links.add_metric([names[application], kind, state], count)
        yield links
        yield _applications()


def _applications() -> GaugeMetricFamily:
    """How many applications are in which state; one without a health row has not been tried, which is well."""
    gauge = GaugeMetricFamily("provisor_applications", "Applications by state.", labels=["state"])
    states = dict.fromkeys([*Health.State.values, "paused"], 0)
    health = dict(Health.objects.values_list("application_id", "state"))
    for application, paused in known(Application.objects.filter(deleted_at=None), "pk").values_list(
        "id", "paused"
    ):
        states["paused" if paused else health.get(application, Health.State.WELL.value)] += 1
    for state, count in states.items():
        gauge.add_metric([state], count)
    return gauge
