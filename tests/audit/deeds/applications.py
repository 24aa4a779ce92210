"""Acts on applications, their credentials and connections, policies and single sign-on."""

from typing import Any

import pytest

from provisor.applications import (
    applications,
    capabilities,
    connections,
    credentials,
    own_targets,
    policies,
    single_sign_on,
)
from provisor.applications.models import Application, Policy
from provisor.identifiers import uuid7
from tests.audit.deeds.directory import group
from tests.audit.deeds.table import NOWHERE, OWNER, Act, act
from tests.certificates import make_authority

REDIRECT = {"redirect_uris": ["https://app.example.com/back"]}


def application(name: str = "Slack", **fields: Any) -> Application:
    """One with a credential, against an address where nothing listens."""
    auth = {"method": "bearer", "token": "tok"}
    return applications.create_application(name=name, base_url=NOWHERE, auth=auth, actor=OWNER, **fields)


def policy() -> Policy:
    made = application()
    return policies.create_policy(name="For sales", application=made, group=group(), actor=OWNER)


@act("applications.applications.create_application")
def _create(_: pytest.MonkeyPatch) -> Act:
    return application


@act("applications.applications.create_for_own_target")
def _create_for_own_target(monkeypatch: pytest.MonkeyPatch) -> Act:
    target = own_targets.OwnTarget(application_id=uuid7(), port=9)
    monkeypatch.setattr(own_targets, "_open", {target.application_id: target})
    return lambda: applications.create_for_own_target(target, actor=OWNER, name="Sample")


@act("applications.applications.update_application")
def _update(_: pytest.MonkeyPatch) -> Act:
    made = application()
    moved = {"base_url": "https://127.0.0.1:9/another"}
    return lambda: applications.update_application(made.id, moved, actor=OWNER)


@act("applications.applications.delete_application")
def _delete(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: applications.delete_application(made.id, actor=OWNER)


@act("applications.applications.pause")
def _pause(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: applications.pause(made.id, actor=OWNER)


@act("applications.applications.resume")
def _resume(_: pytest.MonkeyPatch) -> Act:
    made = application()
    applications.pause(made.id, actor=OWNER)
    return lambda: applications.resume(made.id, actor=OWNER)


@act("applications.capabilities.overrule_fact")
def _overrule(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: _overruled(made)


def _overruled(made: Application) -> object:
    return capabilities.overrule_fact(made.id, "patch_users", False, reason="it says so", actor=OWNER)


@act("applications.capabilities.restore_fact")
def _restore(_: pytest.MonkeyPatch) -> Act:
    made = application()
    _overruled(made)
    return lambda: capabilities.restore_fact(made.id, "patch_users", actor=OWNER)


@act("applications.connections.allow_networks")
def _allow(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: connections.allow_networks(made.id, ["10.20.0.0/16"], actor=OWNER)


@act("applications.connections.trust_authorities")
def _trust(_: pytest.MonkeyPatch) -> Act:
    made, pem = application(), make_authority().pem
    return lambda: connections.trust_authorities(made.id, pem, actor=OWNER)


def _with_certificate(made: Application) -> object:
    issued = make_authority().issue("provisor")
    return connections.store_client_certificate(made.id, issued.certificate, issued.key, actor=OWNER)


@act("applications.connections.store_client_certificate")
def _store_certificate(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: _with_certificate(made)


@act("applications.connections.clear_client_certificate")
def _clear_certificate(_: pytest.MonkeyPatch) -> Act:
    made = application()
    _with_certificate(made)
    return lambda: connections.clear_client_certificate(made.id, actor=OWNER)


def _second(made: Application) -> object:
    values = {"token": "another"}
    return credentials.store_credential(made.id, "bearer", values, slot="secondary", actor=OWNER)


@act("applications.credentials.store_credential")
def _store(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: _second(made)


@act("applications.credentials.promote_credential")
def _promote(_: pytest.MonkeyPatch) -> Act:
    made = application()
    _second(made)
    return lambda: credentials.promote_credential(made.id, actor=OWNER)


@act("applications.credentials.clear_credential")
def _clear(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: credentials.clear_credential(made.id, "primary", actor=OWNER)


@act("applications.policies.create_policy")
def _create_policy(_: pytest.MonkeyPatch) -> Act:
    made, whose = application(), group()
    return lambda: policies.create_policy(name="For sales", application=made, group=whose, actor=OWNER)


@act("applications.policies.update_policy")
def _update_policy(_: pytest.MonkeyPatch) -> Act:
    made = policy()
    return lambda: policies.update_policy(made.id, {"login_method": "passwordless"}, actor=OWNER)


@act("applications.policies.delete_policy")
def _delete_policy(_: pytest.MonkeyPatch) -> Act:
    made = policy()
    return lambda: policies.delete_policy(made.id, actor=OWNER)


@act("applications.single_sign_on.configure")
def _configure(_: pytest.MonkeyPatch) -> Act:
    made = application()
    return lambda: single_sign_on.configure(made.id, REDIRECT, actor=OWNER)


@act("applications.single_sign_on.renew_secret")
def _renew(_: pytest.MonkeyPatch) -> Act:
    made = application()
    single_sign_on.configure(made.id, REDIRECT, actor=OWNER)
    return lambda: single_sign_on.renew_secret(made.id, actor=OWNER)


@act("applications.single_sign_on.remove")
def _remove(_: pytest.MonkeyPatch) -> Act:
    made = application()
    single_sign_on.configure(made.id, REDIRECT, actor=OWNER)
    return lambda: single_sign_on.remove(made.id, actor=OWNER)
