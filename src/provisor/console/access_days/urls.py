"""Addresses: who had access on a day."""

from django.urls import path

from provisor.console.access_days import views

urlpatterns = [
    path("apps/<uuid:application_id>/access", views.of_application, name="application-access"),
    path("users/<uuid:user_id>/access", views.of_user, name="user-access"),
]
