"""How much an application may send, and how long it may take: targets are hostile until proved otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportLimits:
    """Caps of one exchange. Sizes are in bytes, times in seconds; reaching one ends the exchange."""

    #: Largest answer body that is read.
    body: int = 10 * 1024 * 1024
    #: Deepest nesting of arrays and objects in an answer.
    depth: int = 64
    #: Most objects and lists, and most values, in an answer: each costs time to read, however few bytes it has.
    containers: int = 200_000
    values: int = 1_000_000
    #: Longest wait for one connection to open, TLS included.
    connect: float = 5.0
    #: Longest silence of the application while its answer is awaited: until its head is there, and between two pieces.
    read: float = 30.0
    #: Longest whole exchange; a body that drips in slowly ends here.
    total: float = 60.0
    #: Largest sum of all header fields of an answer.
    headers: int = 64 * 1024
