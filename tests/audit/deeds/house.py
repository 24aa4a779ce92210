"""Acts on channels of notices, on keys, on the audit record itself, and the sample company."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import pytest
from django.conf import settings

from provisor.applications import own_targets
from provisor.audit.erase import erase_subject
from provisor.identifiers import uuid7
from provisor.notices import channels
from provisor.notices.models import Channel
from provisor.notices.trying import send_test
from provisor.sample import founding, loading
from provisor.sample.company import build_company
from provisor.sample.keeper import Keeper, NewTarget
from provisor.vault import rotation
from provisor.vault.keys import GivenKeys
from tests.audit.deeds.access import account
from tests.audit.deeds.applications import application
from tests.audit.deeds.table import OWNER, Act, act

EVENTS = ["leaver"]
_LEAST = 60


def _channel() -> Channel:
    return channels.add_email("ops@example.com", EVENTS, actor=OWNER)


@act("notices.channels.add_email")
def _add_email(_: pytest.MonkeyPatch) -> Act:
    return _channel


@act("notices.channels.add_webhook")
def _add_webhook(_: pytest.MonkeyPatch) -> Act:
    return lambda: channels.add_webhook("https://hooks.example.com/x", EVENTS, actor=OWNER)


@act("notices.channels.choose_events")
def _choose(_: pytest.MonkeyPatch) -> Act:
    made = _channel()
    return lambda: channels.choose_events(made.pk, EVENTS, enabled=False, actor=OWNER)


@act("notices.channels.remove_channel")
def _remove(_: pytest.MonkeyPatch) -> Act:
    made = _channel()
    return lambda: channels.remove_channel(made.pk, actor=OWNER)


@act("notices.trying.send_test")
def _try(_: pytest.MonkeyPatch) -> Act:
    made = _channel()
    return lambda: send_test(made, actor=OWNER)


@act("vault.rotation.rotate")
def _rotate(monkeypatch: pytest.MonkeyPatch) -> Act:
    application()
    both = (bytes(range(32)), *settings.ENCRYPTION_KEYS.read())
    monkeypatch.setattr(settings, "ENCRYPTION_KEYS", GivenKeys(both))
    return lambda: rotation.rotate(actor=OWNER)


@act("audit.erase.erase_subject")
def _erase(_: pytest.MonkeyPatch) -> Act:
    made = account()
    return lambda: erase_subject(made.pk, actor=OWNER)


@act("sample.founding.found_company")
def _found(_: pytest.MonkeyPatch) -> Act:
    return lambda: founding.found_company(build_company(_LEAST), OWNER)


@act("sample.founding.hire")
def _hire(_: pytest.MonkeyPatch) -> Act:
    company = build_company(_LEAST)
    new = founding.applicants_after(company, random.Random(1))
    people = [new.next()]
    return lambda: founding.hire(founding.Roster(company=company), people, OWNER)


@act("sample.founding.grant")
def _grant(_: pytest.MonkeyPatch) -> Act:
    made, roster = application(), founding.found_company(build_company(_LEAST), OWNER)
    return lambda: founding.grant(roster, made, OWNER)


@act("sample.loading.load_sample")
def _load(monkeypatch: pytest.MonkeyPatch) -> Act:
    target = own_targets.OwnTarget(application_id=uuid7(), port=9)
    monkeypatch.setattr(own_targets, "_open", {target.application_id: target})

    @contextmanager
    def new_target() -> Iterator[NewTarget]:
        yield NewTarget(target=target, token="tok")

    keeper = cast("Keeper", SimpleNamespace(new_target=new_target))
    return lambda: loading.load_sample(keeper, OWNER, lambda *_: None)
