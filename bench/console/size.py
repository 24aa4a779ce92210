"""How large the installation is that is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What is asked for. Every person comes into `links_per_user` applications; all of them into the first one."""

    users: int
    groups: int
    applications: int
    links_per_user: int
