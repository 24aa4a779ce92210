"""How many requests an application was sent since some moment, from the record of attempts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Requests, and those of them that write."""

    requests: int
    writes: int


def last_attempt() -> int:
    """The number of the newest attempt: what comes after it is new."""
    from provisor.provisioning.models import Attempt

    newest: int | None = Attempt.objects.order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def sent_since(application_id: "UUID", attempt: int) -> Sent:
    """Count the attempts after this one."""
    from provisor.provisioning.models import Attempt

    after = Attempt.objects.filter(application_id=application_id, id__gt=attempt)
    return Sent(requests=after.count(), writes=after.exclude(method="GET").count())
