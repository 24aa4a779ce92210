"""How fast an application is written to, in sentences: what is declared, what was learned, and whether in bulk."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.applications.models import Application
from provisor.console.mapping.switches import ORIGINS
from provisor.provisioning.pace.pace_report import LEARNED, Figure, pace_of
from provisor.scim.dialect import Dialect, Origin


def pace(application: Application, dialect: Dialect) -> list[tuple[str, str]]:
    """Each sentence with who said so. One query."""
    return [(_sentence(figure), _origin(figure)) for figure in pace_of(application, dialect)]


def _sentence(figure: Figure) -> str:
    match figure.what:
        case "rate":
            return _("%(of)s: %(rate)s requests per second, %(burst)s at once after a rest.") % {
                "of": figure.of, "rate": f"{figure.value:g}", "burst": f"{figure.beside:g}",
            }  # fmt: skip
        case "learned_rate":
            return _("%(of)s: %(rate)s requests per second by now; it refused at %(refused)s.") % {
                "of": figure.of, "rate": f"{figure.value:.1f}", "refused": f"{figure.beside:.1f}",
            }  # fmt: skip
        case "concurrency":
            return _concurrency(figure)
        case _:
            return _bulk(figure)


def _concurrency(figure: Figure) -> str:
    most = int(figure.beside)
    if figure.origin != LEARNED:
        return ngettext("At most %(n)s request at a time.", "At most %(n)s requests at a time.", most) % {
            "n": most
        }
    return _("At most %(n)s at a time by now, of %(most)s that are allowed: with more, its answers came later.") % {
        "n": int(figure.value), "most": most,
    }  # fmt: skip


def _bulk(figure: Figure) -> str:
    if not figure.beside:
        return _("Every write is a request of its own.")
    if not figure.value:
        return _("Large backlogs go in bulk requests.")
    return _("Large backlogs go in bulk requests of at most %(n)s operations.") % {
        "n": f"{figure.value:,.0f}"
    }


def _origin(figure: Figure) -> str:
    return _("learned") if figure.origin == LEARNED else str(ORIGINS[Origin(figure.origin)])
