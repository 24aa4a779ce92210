"""Whether this process has been asked to end: whatever would stay open by itself looks here and ends too."""

from threading import Event

#: Set once, by the service that is ending.
ending = Event()
