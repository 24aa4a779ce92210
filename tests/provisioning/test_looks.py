"""What it costs to look for work where there is none: a small change in each of a hundred applications looks often."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisor.applications.models import Application
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.passes.take import take
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import crowd
from tests.provisioning.vices import good_again as good_again  # noqa: PLC0414 - a fixture
from tests.servers import LabServer


def test_r07_a_look_that_finds_nothing_asks_one_question(
    installation: Installation, target: LabServer
) -> None:
    """Whether anything is due in any phase; not one for each phase."""
    installation.granted("Sales", *crowd(3))
    installation.run()
    context = load_context(Application.objects.get(pk=installation.application.pk))
    with CaptureQueriesContext(connection) as queries:
        assert not take(context, now=now(), limit=512)
    asked = [query["sql"] for query in queries if query["sql"].lstrip().upper().startswith("SELECT")]
    assert len(asked) == 1
