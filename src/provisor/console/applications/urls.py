"""Addresses: the list of applications, and one application's pages."""

from django.urls import path

from provisor.console.applications import (
    acts,
    drift,
    drift_acts,
    group_deleting,
    holds,
    link,
    links,
    listing,
    log,
    overview,
    plan,
)
from provisor.console.applications import policies as granted
from provisor.console.applications import provision as on_demand

_ONE = "apps/<uuid:application_id>"
_LINK = f"{_ONE}/links/<int:link_id>"

urlpatterns = [
    path("apps", listing.applications, name="apps"),
    path(_ONE, overview.overview, name="application"),
    path(f"{_ONE}/head", acts.head, name="application-head"),
    path(f"{_ONE}/accounts", links.accounts, name="application-accounts"),
    path(f"{_ONE}/groups", links.groups, name="application-groups"),
    path(f"{_ONE}/links/reach", links.links_reach, name="application-links-reach"),
    path(f"{_ONE}/links/act", links.act_on_links, name="application-links-act"),
    path(f"{_ONE}/policies", granted.policies, name="application-policies"),
    path(f"{_ONE}/plan", plan.plan, name="application-plan"),
    path(f"{_ONE}/plan/go", plan.go, name="application-go"),
    path(f"{_ONE}/holds", holds.holds, name="application-holds"),
    path(f"{_ONE}/holds/reach", holds.holds_reach, name="application-holds-reach"),
    path(f"{_ONE}/holds/decide", holds.decide_holds, name="application-holds-decide"),
    path(f"{_ONE}/holds/all", holds.decide_all, name="application-holds-all"),
    path(f"{_ONE}/drift", drift.drift, name="application-drift"),
    path(f"{_ONE}/drift/scan", drift_acts.scan, name="application-scan"),
    path(f"{_ONE}/drift/stop", drift_acts.stop, name="application-scan-stop"),
    path(f"{_ONE}/drift/settings", drift_acts.save, name="application-drift-settings"),
    path(f"{_ONE}/drift/reach", drift_acts.findings_reach, name="application-findings-reach"),
    path(f"{_ONE}/drift/act", drift_acts.act_on_findings, name="application-findings-act"),
    path(f"{_ONE}/drift/adopt", drift_acts.adopt_all, name="application-findings-adopt"),
    path(f"{_ONE}/drift/reassert", drift_acts.assert_again, name="application-reassert"),
    path(f"{_ONE}/drift/<int:finding_id>/adopt", drift_acts.adopt_one, name="application-finding-adopt"),
    path(f"{_ONE}/log", log.log, name="application-log"),
    path(f"{_ONE}/log/<int:attempt_id>", log.attempt, name="application-attempt"),
    path(f"{_ONE}/pause", acts.pause_application, name="application-pause"),
    path(f"{_ONE}/resume", acts.resume_application, name="application-resume"),
    path(f"{_ONE}/sync", acts.sync_application, name="application-sync"),
    path(f"{_ONE}/mode", acts.change_mode, name="application-mode"),
    path(f"{_ONE}/provision", on_demand.provision, name="application-provision"),
    path(_LINK, link.link, name="application-link"),
    path(f"{_LINK}/read", link.read_link, name="application-link-read"),
    path(f"{_LINK}/adopt", link.adopt, name="application-link-adopt"),
    path(f"{_LINK}/delete", group_deleting.delete_there, name="application-link-delete"),
    path(f"{_LINK}/<slug:act>", link.act_on_link, name="application-link-act"),
]
