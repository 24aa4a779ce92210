"""One work as it stands now."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.console.long_work.running import progress_of, restarted
from provisor.console.models import Work

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Standing:
    """A work with its counts of this moment: what runs in this process is ahead of its row."""

    work: Work
    done: int
    total: int
    stopping: bool
    #: How many a second, and the seconds left; None while it cannot be known.
    rate: float | None
    left: float | None

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return self.work.state == Work.State.RUNNING

    @property
    def counts(self) -> str:
        """How much is done, in words."""
        if not self.total:
            return _("Reading…") if self.running else ""
        counts = {"done": f"{self.done:,}", "total": f"{self.total:,}"}
        return _("%(done)s of %(total)s") % counts

    @property
    def pace(self) -> str:
        """Rate and time left in words, or nothing."""
        if not self.running or self.rate is None or self.left is None:
            return ""
        values = {"rate": f"{self.rate:,.0f}", "left": span(self.left)}
        return _("%(rate)s a second, about %(left)s left") % values


def standing(work_id: UUID | str) -> Standing | None:
    """Return the work, or None if there is none; one whose process is gone is noted as failed first."""
    work = Work.objects.select_related("account").filter(id=work_id).first()
    if work is None:
        return None
    progress = progress_of(work.id)
    if progress is None:
        work = _settled(work)
        return Standing(work, work.done, work.total, work.stop_asked, None, None)
    rate, left = _pace(work, progress.done, progress.total)
    return Standing(work, progress.done, progress.total, progress.stop_asked.is_set(), rate, left)


def _settled(work: Work) -> Work:
    """No process does it: it has ended since it was read, or its process did."""
    if work.state == Work.State.RUNNING:
        Work.objects.filter(id=work.id, state=Work.State.RUNNING).update(
            state=Work.State.FAILED, message=restarted(work.done, work.total), ended_at=timezone.now()
        )
        work.refresh_from_db()
    return work


def _pace(work: Work, done: int, total: int) -> tuple[float | None, float | None]:
    seconds = (timezone.now() - work.started_at).total_seconds()
    if not done or not total or seconds <= 0:
        return None, None
    rate = done / seconds
    return rate, (total - done) / rate


def span(seconds: float) -> str:
    """Return a time in words, rounded up, so that it is never promised too short."""
    if seconds < _MINUTE:
        count = max(1, round(seconds + 0.5))
        return ngettext("%(count)d second", "%(count)d seconds", count) % {"count": count}
    if seconds < _HOUR:
        count = int(seconds // _MINUTE) + 1
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    count = int(seconds // _HOUR) + 1
    return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
