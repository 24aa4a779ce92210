"""A test notice to one channel, whatever it has chosen to hear of."""

import time

from django.db import transaction

from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.identifiers import uuid7
from provisor.notices.models import Channel, Delivery, Notice

#: No event of `EVENTS`: nobody chooses it.
TEST = "test"
TITLE = "Test notice of Provisor"
SENTENCE = "{actor} asked for this test. Notices of Provisor arrive here."


def send_test(channel: Channel, *, actor: Actor) -> Delivery:
    """Put a test notice on its way; the engine delivers it."""
    now = time.time_ns() // 1_000_000
    with transaction.atomic():
        record(actor, "notice_channel.tested", subject_id=channel.pk, subject_label=channel.address)
        notice = Notice.objects.create(
            id=uuid7(), event=TEST, phase=Notice.Phase.BEGAN, at=now,
            title=TITLE, sentence=SENTENCE.format(actor=actor.label),
        )  # fmt: skip
        return Delivery.objects.create(notice=notice, channel=channel, not_before=now)
