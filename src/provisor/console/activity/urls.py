"""Addresses of the activity of all applications."""

from django.urls import path

from provisor.console.activity import views

urlpatterns = [
    path("activity", views.activity, name="activity"),
    path("activity/log", views.log, name="activity-log"),
    path("activity/runs/<uuid:run_id>", views.run, name="run"),
    path("activity/attempts/<int:attempt_id>", views.attempt, name="attempt"),
]
