"""Addresses: the settings of an application."""

from django.urls import path

from provisor.console.application_settings import connections, deleting, facts, profile, testing, views

_HERE = "apps/<uuid:application_id>/settings"

urlpatterns = [
    path(_HERE, views.settings, name="application-settings"),
    path(f"{_HERE}/connection", connections.connection, name="application-connection"),
    path(f"{_HERE}/credentials/<slug:slot>", views.store, name="store-credential"),
    path(f"{_HERE}/rotation", views.rotate, name="rotate-credential"),
    path(f"{_HERE}/test", testing.test, name="test-connection"),
    path(f"{_HERE}/facts/<slug:name>", facts.fact, name="application-fact"),
    path(f"{_HERE}/facts/<slug:name>/restore", facts.restore, name="restore-fact"),
    path(f"{_HERE}/profile", profile.profile, name="change-profile"),
    path(f"{_HERE}/profile/reach", profile.foreseen, name="profile-reach"),
    path(f"{_HERE}/delete", deleting.delete, name="delete-application"),
]
