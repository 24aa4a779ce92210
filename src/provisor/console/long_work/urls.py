"""Addresses: work that takes time: watched from any page, and stopped."""

from django.urls import path

from provisor.console.long_work import views

urlpatterns = [
    path("long-work/<uuid:work_id>", views.work, name="work"),
    path("long-work/<uuid:work_id>/stop", views.stop_work, name="stop-work"),
]
