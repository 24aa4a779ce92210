"""Addresses: why somebody has an account, or why not."""

from django.urls import path

from provisor.console.why import views

urlpatterns = [
    path("why", views.why, name="why"),
]
