"""R4, R5: an element without a value of its own, such as an address, is there once, whatever becomes of its parts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from provisor.applications.applications import update_application
from tests.provisioning.installation import ACTOR, Installation
from tests.provisioning.vices import change
from tests.servers import Server, lab, scim2_server

LOCALITY = 'addresses[type eq "work"].locality'


def _address(locality: str | None) -> list[dict[str, Any]] | None:
    return [{"type": "work", "locality": locality}] if locality else None


@pytest.mark.parametrize("start", [scim2_server, lab], ids=["keeps the label", "drops the label"])
def test_r04_r05_an_address_that_lost_its_parts_and_gets_them_back_is_there_once(
    transactional_db: None, start: Callable[[], AbstractContextManager[Server]]
) -> None:
    """Some applications keep an address of which only the type is left, others drop it; neither gets a second one."""
    with start() as target:
        installation = Installation(target.base_url, target.token)
        rule = {"target": LOCALITY, "kind": "direct", "source": LOCALITY}
        others = [each for each in installation.application.mappings["users"] if each["target"] != LOCALITY]
        update_application(installation.application.id, {"mappings": {"users": [*others, rule]}}, actor=ACTOR)
        user = installation.user("alice", addresses=_address("Oslo"))
        installation.granted("Sales", user)
        installation.run(2)
        for locality in (None, "Bergen", "Tromsø"):
            change(user, addresses=_address(locality))
            installation.run(2)
        held = target.contents().users["alice"]["addresses"]
    assert [(each["type"], each["locality"]) for each in held] == [("work", "Tromsø")]
