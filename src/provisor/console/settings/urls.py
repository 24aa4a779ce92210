"""Addresses: settings of this Provisor: administrators, tokens, notifications, attributes, about."""

from django.urls import path

from provisor.console.settings import (
    about,
    administrator_access,
    administrators,
    attributes,
    channels,
    landing,
    notifications,
    one_administrator,
    sign_in_provider,
    tokens,
)

_ONE = "settings/administrators/<uuid:account_id>"
_CHANNEL = "settings/notifications/<uuid:channel_id>"

urlpatterns = [
    path("settings", landing.settings_landing, name="settings"),
    path("settings/administrators", administrators.administrators, name="administrators"),
    path("settings/administrators/add", administrators.add_administrator, name="add-administrator"),
    path(
        "settings/administrators/second-factor",
        administrator_access.second_factor_rule,
        name="second-factor-rule",
    ),
    path(f"{_ONE}/access", administrator_access.access, name="administrator-access"),
    path(f"{_ONE}/role", one_administrator.change_role, name="administrator-role"),
    path(f"{_ONE}/password", one_administrator.change_password, name="administrator-password"),
    path(f"{_ONE}/disable", one_administrator.disable, name="disable-administrator"),
    path(f"{_ONE}/enable", one_administrator.enable, name="enable-administrator"),
    path("settings/sign-in-provider", sign_in_provider.sign_in_provider, name="sign-in-provider"),
    path("settings/tokens", tokens.token_list, name="tokens"),
    path("settings/tokens/create", tokens.create_token, name="create-token"),
    path("settings/tokens/<uuid:token_id>/revoke", tokens.revoke_token, name="revoke-token"),
    path("settings/notifications", notifications.notifications, name="notifications"),
    path("settings/notifications/add-email", channels.add_email, name="add-notice-email"),
    path("settings/notifications/add-webhook", channels.add_webhook, name="add-notice-webhook"),
    path(f"{_CHANNEL}/change", channels.change, name="change-notice-channel"),
    path(f"{_CHANNEL}/test", channels.try_out, name="test-notice-channel"),
    path(f"{_CHANNEL}/remove", channels.remove, name="remove-notice-channel"),
    path("settings/attributes", attributes.attribute_list, name="attributes"),
    path("settings/attributes/add", attributes.add_attribute, name="add-attribute"),
    path("settings/attributes/<uuid:attribute_id>/describe", attributes.describe, name="describe-attribute"),
    path("settings/attributes/<uuid:attribute_id>/remove", attributes.remove, name="remove-attribute"),
    path("settings/about", about.about, name="about"),
]
