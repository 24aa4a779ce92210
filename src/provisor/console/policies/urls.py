"""Addresses: policies: list, add, change."""

from django.urls import path

from provisor.console.policies import adding, listing, policy, trying

urlpatterns = [
    path("policies", listing.policy_list, name="policies"),
    path("policies/add", adding.add_policy, name="add-policy"),
    path("policies/add/reach", adding.adding_reach, name="add-policy-reach"),
    path("policies/second-factor", policy.second_factor, name="policy-second-factor"),
    path("policies/filter", trying.try_filter, name="try-filter"),
    path("policies/<uuid:policy_id>", policy.policy, name="policy"),
    path("policies/<uuid:policy_id>/accounts", listing.policy_accounts, name="policy-accounts"),
    path("policies/<uuid:policy_id>/reach", policy.changing_reach, name="policy-reach"),
    path("policies/<uuid:policy_id>/delete", policy.delete_policy, name="delete-policy"),
]
