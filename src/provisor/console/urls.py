"""Addresses of the console: each part brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("provisor.console.shell.urls")),
    path("", include("provisor.console.home.urls")),
    path("", include("provisor.console.account.urls")),
    path("", include("provisor.console.my.urls")),
    path("", include("provisor.console.adding.urls")),
    path("", include("provisor.console.access_days.urls")),
    path("", include("provisor.console.applications.urls")),
    path("", include("provisor.console.mapping.urls")),
    path("", include("provisor.console.application_settings.urls")),
    path("", include("provisor.console.application_sign_in.urls")),
    path("", include("provisor.console.users.urls")),
    path("", include("provisor.console.long_work.urls")),
    path("", include("provisor.console.groups.urls")),
    path("", include("provisor.console.policies.urls")),
    path("", include("provisor.console.why.urls")),
    path("", include("provisor.console.activity.urls")),
    path("", include("provisor.console.records.urls")),
    path("", include("provisor.console.settings.urls")),
]
