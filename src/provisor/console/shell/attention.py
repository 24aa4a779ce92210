"""How much needs a person: shown on every page, so it is one query on an index."""

from provisor.applications.models import Application
from provisor.provisioning.models import Link

#: States of links that only a person mends.
FOR_A_PERSON = (Link.State.HELD, Link.State.CONFLICT, Link.State.FAILED)


def count() -> int:
    """How many links are held, in conflict or failed."""
    # Named applications let the database use the index on (application, state).
    live = Application.objects.filter(deleted_at=None)
    return Link.objects.filter(application__in=live, state__in=FOR_A_PERSON).count()
