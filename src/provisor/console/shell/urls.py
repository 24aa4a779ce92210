"""Addresses of the frame."""

from django.urls import path

from provisor.console.shell.live import live
from provisor.console.shell.palette import palette
from provisor.console.shell.samples import samples
from provisor.console.shell.taking_back import undo
from provisor.console.shell.theme import theme

urlpatterns = [
    path("live", live, name="live"),
    path("palette", palette, name="palette"),
    path("theme", theme, name="theme"),
    path("undo", undo, name="undo"),
    path("samples", samples, name="samples"),
]
