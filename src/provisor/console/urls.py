"""Addresses of the console."""

from django.urls import path

from provisor.console import views

urlpatterns = [
    path("", views.home, name="home"),
    path("applications/<uuid:application_id>/", views.application, name="application"),
]
