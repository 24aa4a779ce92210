"""The check of the Host header, which probes of a container platform cannot pass and need not."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware


class HostCheck(CommonMiddleware):
    """Django's check, except for the health addresses: a platform asks them by the address of the container."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if request.path_info.startswith("/healthz/"):
            return None
        return super().process_request(request)
