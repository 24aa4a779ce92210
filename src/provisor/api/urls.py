"""Where the two interfaces of this room are found."""

from django.urls import URLPattern, URLResolver

from provisor.api.management.urls import urlpatterns as management_patterns
from provisor.api.scim.urls import urlpatterns as scim_patterns

urlpatterns: list[URLPattern | URLResolver] = [
    *scim_patterns("scim/v2"),
    *management_patterns("api/v1"),
]
