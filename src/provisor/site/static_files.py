"""Static files from the packages themselves, by WhiteNoise."""

from typing import BinaryIO

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise, answering whole files: they are small, and under ASGI Django cannot stream a plain file."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        return HttpResponse(_content(found.file), status=int(found.status), headers=dict(found.headers))


def _content(file: BinaryIO | None) -> bytes:
    """A file is absent where only headers are asked for, or nothing has changed."""
    if file is None:
        return b""
    with file:
        return file.read()
