"""Acts on links, holds, findings, scans and whole applications, and what asks something of an application."""

from typing import Any

import pytest

from provisor.applications.models import Application
from provisor.provisioning import operations
from provisor.provisioning.brake import decisions
from provisor.provisioning.brake.releases import effect_of_all
from provisor.provisioning.drift import finding_acts, group_deletion, reassert, scans
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.health import restored
from provisor.provisioning.models import Finding, Hold, Link
from provisor.provisioning.preview import examination, on_demand
from tests.audit.deeds.applications import application
from tests.audit.deeds.directory import group, user
from tests.audit.deeds.table import NOWHERE, OWNER, Act, act


def link(of: Application | None = None, **fields: Any) -> Link:
    values = {"kind": "user", "state": "failed", "reason": "refused", "remote_id": "r1", "origin": "created"}
    whose = user().id if fields.get("kind", "user") == "user" else group().id
    return Link.objects.create(application=of or application(), local_id=whose, **{**values, **fields})


def hold() -> Hold:
    held = link(state="held", in_scope=False, cause="disabled")
    return Hold.objects.create(
        application=held.application, link_id=held.id, act="deactivate", cause="disabled", effect="x", held_at=1
    )  # fmt: skip


def finding(**fields: Any) -> Finding:
    values = {
        "kind": "user",
        "what": "unknown",
        "remote_id": "r2",
        "name": "Stranger",
        "found_at": 1,
        "seen_at": 1,
    }
    return Finding.objects.create(application=application(), **{**values, **fields})  # fmt: skip


@act("provisioning.operations.request_sync")
def _sync(_: pytest.MonkeyPatch) -> Act:
    of = link().application_id
    return lambda: operations.request_sync(of, actor=OWNER)


@act("provisioning.operations.retry_link")
def _retry(_: pytest.MonkeyPatch) -> Act:
    made = link()
    return lambda: operations.retry_link(made.id, actor=OWNER)


@act("provisioning.operations.adopt_link")
def _adopt_link(_: pytest.MonkeyPatch) -> Act:
    made = link()
    return lambda: operations.adopt_link(made.id, actor=OWNER, remote_id="r9")


@act("provisioning.operations.unlink_link")
def _unlink_link(_: pytest.MonkeyPatch) -> Act:
    made = link()
    return lambda: operations.unlink_link(made.id, actor=OWNER)


@act("provisioning.operations.ignore_link")
def _ignore_link(_: pytest.MonkeyPatch) -> Act:
    made = link()
    return lambda: operations.ignore_link(made.id, actor=OWNER)


@act("provisioning.brake.decisions.release_hold")
def _release(_: pytest.MonkeyPatch) -> Act:
    made = hold()
    return lambda: decisions.release_hold(made.id, actor=OWNER, effect="x")


@act("provisioning.brake.decisions.reject_hold")
def _reject(_: pytest.MonkeyPatch) -> Act:
    made = hold()
    return lambda: decisions.reject_hold(made.id, actor=OWNER)


@act("provisioning.brake.decisions.release_all")
def _release_all(_: pytest.MonkeyPatch) -> Act:
    made = hold()
    shown = effect_of_all([(made.id, made.effect)])
    return lambda: decisions.release_all(made.application_id, actor=OWNER, effects=shown)


@act("provisioning.brake.decisions.reject_all")
def _reject_all(_: pytest.MonkeyPatch) -> Act:
    made = hold()
    shown = effect_of_all([(made.id, made.effect)])
    return lambda: decisions.reject_all(made.application_id, actor=OWNER, effects=shown)


@act("provisioning.drift.finding_acts.correct")
def _correct(_: pytest.MonkeyPatch) -> Act:
    of = link(state="in_sync", sent={"displayName": "Ada"})
    found = finding_of(of)
    return lambda: finding_acts.correct(found.pk, actor=OWNER)


def finding_of(of: Link) -> Finding:
    changes = [{"path": "displayName", "sent": "Ada", "found": "Eve"}]
    return Finding.objects.create(
        application=of.application, kind="user", what="changed", remote_id="r1", link_id=of.id, found_at=1, seen_at=1,
        detail={"changes": changes},
    )  # fmt: skip


@act("provisioning.drift.finding_acts.ignore")
def _ignore(_: pytest.MonkeyPatch) -> Act:
    found = finding()
    return lambda: finding_acts.ignore(found.pk, actor=OWNER)


@act("provisioning.drift.finding_acts.adopt")
def _adopt(_: pytest.MonkeyPatch) -> Act:
    found, whose = finding(), user().id
    return lambda: finding_acts.adopt(found.pk, actor=OWNER, local_id=whose)


@act("provisioning.drift.finding_acts.remove")
def _remove(_: pytest.MonkeyPatch) -> Act:
    found = finding()
    return lambda: finding_acts.remove(found.pk, actor=OWNER)


@act("provisioning.drift.group_deletion.delete_group_there")
def _delete_group_there(_: pytest.MonkeyPatch) -> Act:
    made = link(kind="group", state="released", in_scope=False)
    return lambda: group_deletion.delete_group_there(made.id, actor=OWNER)


@act("provisioning.drift.reassert.reassert")
def _reassert(_: pytest.MonkeyPatch) -> Act:
    of = link(state="in_sync").application_id
    return lambda: reassert.reassert(of, actor=OWNER)


@act("provisioning.drift.scans.request_scan")
def _scan(_: pytest.MonkeyPatch) -> Act:
    of = application().id
    return lambda: scans.request_scan(of, actor=OWNER)


@act("provisioning.drift.scans.stop_scan")
def _stop_scan(_: pytest.MonkeyPatch) -> Act:
    of = application().id
    scans.request_scan(of, actor=OWNER)
    return lambda: scans.stop_scan(of, actor=OWNER)


@act("provisioning.health.restored.after_restore")
def _restore(_: pytest.MonkeyPatch) -> Act:
    link(state="in_sync", sent={"displayName": "Ada"})
    return lambda: restored.after_restore(1, actor=OWNER)


@act("provisioning.preview.examination.test_connection")
def _test_connection(_: pytest.MonkeyPatch) -> Act:
    of = application().id
    return lambda: examination.test_connection(of, actor=OWNER)


@act("provisioning.preview.examination.read_attributes")
def _read_attributes(_: pytest.MonkeyPatch) -> Act:
    of = application().id
    return lambda: examination.read_attributes(of, actor=OWNER)


@act("provisioning.preview.examination.try_values")
def _try_values(_: pytest.MonkeyPatch) -> Act:
    return lambda: examination.try_values(NOWHERE, "bearer", {"token": "tok"}, actor=OWNER)


@act("provisioning.preview.on_demand.provision_now")
def _provision_now(monkeypatch: pytest.MonkeyPatch) -> Act:
    monkeypatch.setattr(on_demand, "engine_runs", lambda: True)
    monkeypatch.setattr(on_demand, "PATIENCE", 0.0)
    made = link(in_scope=False, cause="disabled")
    fold(1)
    return lambda: on_demand.provision_now(made.application_id, "user", made.local_id, actor=OWNER)
