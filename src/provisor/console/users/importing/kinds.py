"""What the import of users and the import of groups do differently."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisor.directory.csv_columns import (
    DISPLAY_NAME,
    GROUP_COLUMNS,
    USER_COLUMNS,
    USER_NAME,
    Column,
    custom_columns,
)
from provisor.directory.csv_file import Row
from provisor.directory.csv_groups import GroupPlan
from provisor.directory.csv_import import Report, import_groups, import_users
from provisor.directory.csv_plan import LinePlan
from provisor.directory.csv_users import UserPlan
from provisor.directory.models import CustomAttribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of import. `address` and `listed` are names of pages."""

    name: str
    address: str
    listed: str
    title: Promise
    list_title: Promise
    required: Column
    resource_type: str
    own_columns: tuple[Column, ...]
    plan: Callable[[list[Column], Iterable[Row]], LinePlan[Any]]
    run: Callable[..., Report]

    def columns(self) -> list[Column]:
        """Every column that a file may have now, custom attributes last."""
        return [*self.own_columns, *custom_columns(self.resource_type)]


USERS = Kind(
    name="users",
    address="import-users",
    listed="users",
    title=_("Import users"),
    list_title=_("Users"),
    required=USER_NAME,
    resource_type=CustomAttribute.ResourceType.USER,
    own_columns=USER_COLUMNS,
    plan=UserPlan,
    run=import_users,
)
GROUPS = Kind(
    name="groups",
    address="import-groups",
    listed="groups",
    title=_("Import groups"),
    list_title=_("Groups"),
    required=DISPLAY_NAME,
    resource_type=CustomAttribute.ResourceType.GROUP,
    own_columns=GROUP_COLUMNS,
    plan=GroupPlan,
    run=import_groups,
)
