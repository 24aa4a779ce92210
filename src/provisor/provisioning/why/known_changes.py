"""Which entries of the journal the asker may know of: the directory's, and those of the applications that they look after."""

from django.db.models import Q, QuerySet

from provisor.access.narrowing import bounded
from provisor.applications.models import Policy
from provisor.directory.models import JournalEntry

#: Events of the directory; everything else is about an application or a policy, whose id is the subject.
_DIRECTORY = ("user.", "group.", "attribute.")


def known_changes(rows: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """Leave out what was changed at other applications."""
    bounds = bounded()
    if bounds is None:
        return rows
    wanted = Q(subject_id__in=bounds) | Q(
        subject_id__in=Policy.objects.filter(application__in=bounds).values("id")
    )
    for beginning in _DIRECTORY:
        wanted |= Q(event__startswith=beginning)
    return rows.filter(wanted)
