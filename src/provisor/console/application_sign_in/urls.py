"""Addresses: the tab Sign-in of an application."""

from django.urls import path

from provisor.console.application_sign_in import views

_HERE = "apps/<uuid:application_id>/sign-in"

urlpatterns = [
    path(_HERE, views.sign_in, name="application-sign-in"),
    path(f"{_HERE}/secret", views.renew, name="renew-client-secret"),
    path(f"{_HERE}/off", views.switch_off, name="switch-off-single-sign-on"),
]
