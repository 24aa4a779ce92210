"""Dialects of simulated targets, drawn at random."""

from dataclasses import dataclass
from typing import Any

from tests.lab.options import LabOptions, read_options
from tests.simulation.world import World

#: What a target may do; the verdict says what is then expected of it.
_GOOD: dict[str, tuple[Any, ...]] = {
    "duplicates": ("conflict", "conflict", "allowed"),
    "group_names_unique": (True, False),
    "patch": (True, True, True, False),
    "etag": (True, False),
    "relative_location": (False, True),
    "patch_answer": ("no_content", "body", "empty"),
    "put_answer": ("body", "no_content"),
    "post_answer": ("body", "body", "body", "empty"),
    "page_size": (100, 3, 10),
    "cursor": (False, False, True),
    "members_per_request": (0, 0, 2, 5),
    "pathless_patch": (True, True, False),
    "string_booleans": (False, False, False, True),
    "discovery": ("present", "present", "absent", "plural", "html"),
    "filter": ("works", "works", "works", "ignored", "refused", "absent"),
    "retry_after": ("seconds", "date", "none"),
    "patch_applied": ("all", "none", "paths", "pathless"),
    "member_removal": ("any", "filter", "value", "everyone"),
    "members_on_create": (True, False),
    "members_must_exist": (True, False),
    "absent_member_refused": (False, True),
    "replace_creates": (False, True),
    "id_is_user_name": (False, True),
    "start_index_ignored": (False, True),
    "total_is_page_size": (False, True),
    "filter_case_exact": (False, True),
    "active_false_deletes": (False, True),
    "drops": ((), ("title",)),
    "lower_case_user_name": (False, True),
    "members_read": ("all", "absent", "empty"),
    "groups": (True, True, True, False),
    "delete": (True, True, False),
    "put": (True, True, False),
}
#: Three targets in ten take bulk requests, and two thirds of those have a vice in it.
_BULK: tuple[dict[str, Any], ...] = (
    {"bulk_operations": 2}, {"bulk_operations": 5}, {"bulk_payload": 2_000}, {"bulk_refused": 413},
    {"bulk_refused": 404}, {"bulk_refused": 501}, {"bulk_drops_results": 1}, {"bulk_lies": True},
    {"bulk_reverses": True}, {"bulk_renames": True}, {"bulk_fails_on_errors": 1}, {"bulk_references": "literal"},
    {"bulk_references": "dropped"}, {"bulk_references": "mistaken"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """The options of a target, and those of them that are not the default."""

    options: LabOptions
    odd: dict[str, Any]


def draw_dialect(world: World) -> Drawn:
    """Most targets are good; each vice is rare, so that they meet singly and in pairs."""
    chance = world.random
    odd = {
        name: value
        for name, values in _GOOD.items()
        if chance.random() < 0.25 and (value := chance.choice(values)) != values[0]
    }
    if chance.random() < 0.3:
        vice = chance.choice(_BULK)
        odd |= {"bulk": True, **chance.choice(({}, vice, vice))}
    _keep_possible(odd)
    return Drawn(read_options({"seed": chance.randrange(10**6), **odd}), odd)


def _keep_possible(odd: dict[str, Any]) -> None:
    """Take out what would leave no way at all to change an account or a group there."""
    applied = odd.get("patch_applied", "all")
    if not odd.get("patch", True) or applied != "all" or odd.get("members_read", "all") != "all":
        # what PATCH does not do goes by PUT, of the whole group at once
        odd.pop("put", None)
        odd.pop("members_per_request", None)
    if not odd.get("patch", True) or applied in ("none", "pathless"):
        # who is in a group that somebody else has made must be seen, before it is replaced as a whole
        odd.pop("members_read", None)
    if odd.get("filter", "works") != "works":
        # what can neither be searched nor listed is never created: see `lookup.UNCERTAIN`
        odd.pop("start_index_ignored", None)
        odd.pop("total_is_page_size", None)
    if odd.get("members_read", "all") != "all":
        # which form takes members out cannot be found out where they are not shown
        odd.pop("member_removal", None)
