"""The offer on an empty system: the sample company, with a real SCIM server to bring it to."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from provisor.access.permissions import Permission
from provisor.console.guard import may
from provisor.console.long_work import running
from provisor.console.models import Work
from provisor.sample.keeper import keeper
from provisor.sample.process import INSTALL, PACKAGE, installed

KIND: Final = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the home page offers: `missing` says what has to be done first; `work` is one that loads it already."""

    missing: str
    work: Work | None


def offer(request: HttpRequest) -> Offer | None:
    """The offer for who may accept it; None where it can be no help. To be asked on an empty system only."""
    permissions = (Permission.ADD_APPLICATIONS, Permission.MANAGE_APPLICATIONS, Permission.MANAGE_DIRECTORY)
    if not all(may(request, permission) for permission in permissions):
        return None
    return Offer(missing=missing(), work=under_way())


def missing() -> str:
    """What has to be done before it can be loaded; empty when nothing has."""
    if keeper() is None:
        return _(
            "It needs a process that runs the engine, too, and this one serves pages only. Start Provisor with “provisor serve”."
        )
    if not installed():
        return _(
            "It needs the package %(package)s, which is not installed. Install it with “%(command)s”, then load this page again."
        ) % {"package": PACKAGE, "command": INSTALL}
    return ""


def under_way() -> Work | None:
    """The work that loads it at this moment, if one does."""
    return Work.objects.filter(kind=KIND, state=Work.State.RUNNING, process=running.PROCESS).first()
