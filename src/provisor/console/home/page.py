"""The home page as a whole: other views of this folder answer with it, too."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.console.home import reading
from provisor.console.home.found import findings
from provisor.console.home.needs import needs
from provisor.console.home.pace import paces
from provisor.console.home.sample_offer import offer
from provisor.console.shell.attention import concerning

#: Needs that the home page shows before it points to the page of them all.
SHOWN = 6


def page(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    """What needs a person, one row for each application, the latest changes; on a new system the first steps."""
    rows = reading.application_rows()
    directory = reading.people_and_groups()
    found = findings()
    assert isinstance(request.user, Account)
    viewer = of_account(request.user)
    every = [need for need in needs(rows, found) if viewer.may(need.takes)]
    states, scans = concerning(viewer)
    pace = paces()
    empty = not (rows or directory["users"] or directory["groups"])
    context = {
        "rows": [(row, pace.get(row.application.id)) for row in rows],
        "directory": directory,
        "steps": reading.first_steps(rows, directory),
        "sample": offer(request) if empty else None,
        "changes": reading.latest_changes(),
        "needs": every[:SHOWN],
        # Counted from what was read: the frame need not ask again.
        "needs_you": sum(row.status[state] for row in rows for state in states)
        + sum(one.count for one in found if scans),
        "more": max(len(every) - SHOWN, 0),
    }
    return render(request, "console/home/home.html", context, status=status)
