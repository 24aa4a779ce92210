"""Durations on the pages of activity."""

from django import template

from provisor.console.activity import reading

register = template.Library()


@register.filter
def duration(seconds: float) -> str:
    """Seconds as people say them."""
    return reading.duration(seconds)
