"""The catalogue of profiles: each is one TOML file beside this module."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from provisor.applications.profiles.profile import Profile, ProfileError, read_profile
from provisor.directory.names import fold

GENERIC: Final = "generic"


def load_profile(profile_id: str) -> Profile:
    """The profile of this id. KeyError when there is none."""
    return _all()[profile_id]


def catalogue(search: str = "") -> list[Profile]:
    """The profiles in which every word of the search occurs: in the name, the vendor, an alias or the id.

    The best come first: names that begin with the search, names that contain it, the rest; each in order of
    the name. The generic one is always found, and always last: it serves whatever is not in the catalogue.
    """
    wanted = fold(search)
    found = [profile for profile in _all().values() if _matches(profile, wanted.split())]
    found.sort(key=lambda profile: (_distance(fold(profile.name), wanted), fold(profile.name)))
    return [*(profile for profile in found if profile.id != GENERIC), load_profile(GENERIC)]


def _matches(profile: Profile, words: list[str]) -> bool:
    text = fold(" ".join((profile.id, profile.name, profile.vendor, *profile.aliases)))
    return all(word in text for word in words)


def _distance(name: str, wanted: str) -> int:
    if name.startswith(wanted):
        return 0
    return 1 if wanted in name else 2


@cache
def _all() -> Mapping[str, Profile]:
    profiles: dict[str, Profile] = {}
    for file in files(__package__).iterdir():
        if not file.name.endswith(".toml"):
            continue
        try:
            profile = read_profile(tomllib.loads(file.read_text(encoding="utf-8")))
        except ProfileError as error:
            raise ProfileError(f"{file.name}: {error}") from error
        if f"{profile.id}.toml" != file.name:
            raise ProfileError(
                f'{file.name}: a file is named after the id of its profile, which is "{profile.id}".'
            )
        profiles[profile.id] = profile
    return MappingProxyType(profiles)
