"""Addresses of the portal."""

from django.urls import path

from provisor.console.my import views

urlpatterns = [
    path("my/", views.my_apps, name="my-apps"),
    path("my/apps/<uuid:application_id>/open", views.open_application, name="open-application"),
    path("my/sign-in-anew", views.sign_in_anew, name="sign-in-anew"),
    path("my/onward", views.onward, name="onward"),
]
