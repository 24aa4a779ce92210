"""Addresses: groups: list, create, manage."""

from django.urls import path

from provisor.console.groups import changing, choices, creating, listing, members, nesting, pages
from provisor.console.users.importing.views import import_groups

urlpatterns = [
    path("groups", listing.group_list, name="groups"),
    path("groups/create", creating.create_group, name="create-group"),
    path("groups/import", import_groups, name="import-groups"),
    path("groups/export", listing.export_groups, name="export-groups"),
    path("groups/reach", listing.groups_reach, name="groups-reach"),
    path("groups/delete", listing.delete_groups, name="delete-groups"),
    path("groups/choices", choices.group_choices, name="group-choices"),
    path("groups/user-choices", choices.user_choices, name="user-choices"),
    path("groups/<uuid:group_id>", pages.group_users, name="group"),
    path("groups/<uuid:group_id>/inside", pages.group_inside, name="group-inside"),
    path("groups/<uuid:group_id>/policies", pages.group_policies, name="group-policies"),
    path("groups/<uuid:group_id>/applications", pages.group_applications, name="group-applications"),
    path("groups/<uuid:group_id>/journal", pages.group_journal, name="group-journal"),
    path("groups/<uuid:group_id>/rename", changing.rename_group, name="rename-group"),
    path("groups/<uuid:group_id>/delete", changing.delete_group, name="delete-group"),
    path("groups/<uuid:group_id>/members", members.apply_to_members, name="group-members"),
    path("groups/<uuid:group_id>/members/add", members.add_member, name="group-add-member"),
    path("groups/<uuid:group_id>/members/reach", members.members_reach, name="group-members-reach"),
    path("groups/<uuid:group_id>/inside/put", nesting.put_inside, name="group-put-inside"),
    path("groups/<uuid:group_id>/inside/reach", nesting.inside_reach, name="group-inside-reach"),
    path("groups/<uuid:group_id>/inside/<uuid:child_id>/take-out", nesting.take_out, name="group-take-out"),
]
