"""The pages of users, groups and policies."""

from collections.abc import Iterator
from urllib.parse import urlencode

from tests.browser.pictures.acts import choose, import_rows, press, send
from tests.browser.pictures.picture import Picture
from tests.browser.pictures.stage import Stage

_GROUP_TABS = ("inside", "policies", "applications", "journal")


def of_people(stage: Stage) -> Iterator[Picture]:
    """Lists, one of each kind, and what is done with them."""
    yield from _users(stage)
    yield from _why(stage)
    yield from _groups(stage)
    yield from _policies()


def _users(stage: Stage) -> Iterator[Picture]:
    from provisor.directory.models import User

    user = f"/users/{_live(stage)}"
    inactive = User.objects.filter(active=False, deleted_at=None).order_by("pk").first()
    yield Picture("users", "/users")
    yield Picture("users-chosen", "/users", choose("Deactivate", then="#users-do"))
    yield Picture("users-none-found", "/users?q=nobody-is-called-so")
    yield Picture("user", user)
    yield Picture("user-deactivating", user, press("Deactivate"))
    yield Picture("user-deleting", user, press("Delete"))
    yield Picture("user-edit", f"{user}/edit")
    yield Picture("user-add", "/users/add")
    yield Picture("user-add-errors", "/users/add", send("Add|Save"))
    yield Picture("user-access-day", f"{user}/access")
    yield Picture("user-invite", user, press("Invite"))
    yield Picture("users-invite", "/users/invite?" + urlencode({"to_group": "Finance"}))
    yield Picture("users-import", "/users/import")
    yield Picture("users-import-preview", "/users/import", import_rows(*_LINES))
    if inactive is not None:
        yield Picture("user-inactive", f"/users/{inactive.pk}")


_LINES = (
    "userName,givenName,familyName,email,groups",
    "nils.holm,Nils,Holm,nils.holm@halden.example,Engineering",
    "tuva.dahl,Tuva,Dahl,not an address,Engineering",
    "mari.vik,Mari,Vik,mari.vik@halden.example,No such group",
)


def _live(stage: Stage) -> object:
    """Who was in two applications, of which at least one account is live."""
    from provisor.provisioning.models import AccessInterval

    return AccessInterval.objects.filter(application=stage.library, to_at=None).order_by("id")[3].user_id


def _why(stage: Stage) -> Iterator[Picture]:
    from provisor.directory.models import User
    from provisor.provisioning.models import Link

    accounts = Link.objects.filter(application=stage.library, kind="user")
    outside = User.objects.filter(active=True, deleted_at=None).exclude(pk__in=accounts.values("local_id"))[0]
    for name, user in (("why", _live(stage)), ("why-not", outside.pk)):
        yield Picture(name, "/why?" + urlencode({"user": user, "application": stage.library.pk}))
    yield Picture("why-asked", "/why")


def _groups(stage: Stage) -> Iterator[Picture]:
    from provisor.directory.models import Group

    group, small = f"/groups/{stage.groups['Engineering']}", f"/groups/{_small_group()}"
    yield Picture("groups", "/groups")
    yield Picture("groups-chosen", "/groups", choose("Delete"))
    yield Picture("group", group)
    yield Picture("group-everyone", f"/groups/{Group.objects.get(is_everyone=True).pk}")
    yield Picture("group-reach", small, choose("Remove from the group"))
    yield Picture("group-adding", f"{small}?show=out", choose("Add to the group"))
    for tab in _GROUP_TABS:
        yield Picture(f"group-{tab}", f"{group}/{tab}")
    yield Picture("group-create", "/groups/create")
    yield Picture("group-renaming", small, press("Rename"))
    yield Picture("group-deleting", small, press("Delete"))
    yield Picture("groups-import", "/groups/import")


def _small_group() -> object:
    from django.db.models import Count

    from provisor.directory.models import Membership

    sizes = Membership.objects.values_list("group_id").annotate(n=Count("pk"))
    return sizes.filter(n__range=(5, 15)).order_by("n")[0][0]


def _policies() -> Iterator[Picture]:
    from provisor.applications.models import Policy

    policy = f"/policies/{Policy.objects.order_by('name')[0].pk}"
    yield Picture("policies", "/policies")
    yield Picture("policy", policy)
    yield Picture("policy-deleting", policy, press("Delete"))
    yield Picture("policy-add", "/policies/add")
    yield Picture("policy-add-errors", "/policies/add", send("Add|Save"))
