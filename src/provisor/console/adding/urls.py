"""Addresses: add application, step by step."""

from django.urls import path

from provisor.console.adding import views, views_new

urlpatterns = [
    path("apps/add", views_new.basics, name="add-application"),
    path("apps/add/connection", views_new.connection, name="add-connection"),
    path("apps/add/forget", views_new.forget, name="forget-draft"),
    path("apps/<uuid:application_id>/set-up/plan", views.plan, name="set-up-plan"),
    path("apps/<uuid:application_id>/set-up/<slug:step>", views.set_up, name="set-up"),
]
