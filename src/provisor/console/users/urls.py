"""Addresses: users: list, add, change, one person's page, import."""

from django.urls import path

from provisor.console.users import acting, choosing, editing, inviting, listing, page
from provisor.console.users.importing import views as importing

urlpatterns = [
    path("users", listing.user_list, name="users"),
    path("users/add", editing.add_user, name="add-user"),
    path("users/import", importing.import_users, name="import-users"),
    path("users/invite", inviting.invite_group, name="invite-group"),
    path("users/reach", acting.reach, name="users-reach"),
    path("users/act", acting.act, name="act-on-users"),
    path("users/choose/person", choosing.people, name="choose-person"),
    path("users/choose/group", choosing.group_names, name="choose-group"),
    path("users/choose/groups", choosing.groups_to_join, name="choose-groups"),
    path("users/<uuid:user_id>", page.user_page, name="user"),
    path("users/<uuid:user_id>/invite", inviting.invite_user, name="invite-user"),
    path("users/<uuid:user_id>/edit", editing.edit_user, name="edit-user"),
]
