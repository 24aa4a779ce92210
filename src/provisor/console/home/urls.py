"""Addresses of the home page."""

from django.urls import path

from provisor.console.home import sample, views

urlpatterns = [
    path("", views.home, name="home"),
    path("needs-you", views.needs_you, name="needs-you"),
    path("sample", sample.load, name="load-sample"),
]
