"""What the faces ask: what is the matter now, what was told, and what became of each delivery."""

from django.db.models import QuerySet

from provisor.access.narrowing import known
from provisor.notices.events import EVENTS
from provisor.notices.models import Channel, Delivery, Notice, Reason

#: Events that have an end; the others are told, and that is all.
LASTING = [name for name, event in EVENTS.items() if event.over]


def lasting_reasons() -> QuerySet[Reason]:
    """What is the matter now, the oldest first; of applications that are not deleted."""
    lasting = known(Reason.objects.filter(over_at=None, event__in=LASTING)).select_related("application")
    return lasting.exclude(application__deleted_at__isnull=False).order_by("since", "id")


def notices() -> QuerySet[Notice]:
    """Everything that was told, the newest first, with its deliveries."""
    return known(Notice.objects.all()).order_by("-id").prefetch_related("deliveries__channel")


def deliveries() -> QuerySet[Delivery]:
    """Every delivery with its notice and its channel, the newest first."""
    return (
        known(Delivery.objects.all(), "notice__application_id")
        .select_related("notice", "channel")
        .order_by("-id")
    )


def channels() -> QuerySet[Channel]:
    """Where notices go, e-mail first."""
    return Channel.objects.order_by("kind", "address", "id")
