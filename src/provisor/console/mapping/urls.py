"""Addresses: the mapping and the features of an application."""

from django.urls import path

from provisor.console.mapping import views

urlpatterns = [
    path("apps/<uuid:application_id>/mapping", views.mapping, name="application-mapping"),
    path("apps/<uuid:application_id>/mapping/try", views.try_mapping, name="try-mapping"),
    path("apps/<uuid:application_id>/mapping/attributes", views.read_again, name="read-attributes"),
    path("apps/<uuid:application_id>/mapping/reach", views.mapping_reach, name="mapping-reach"),
    path("apps/<uuid:application_id>/features", views.switches, name="application-features"),
    path("apps/<uuid:application_id>/features/reach", views.features_foreseen, name="features-reach"),
]
