"""What is known of each vendor's dialect and limits, as data with its source."""

from provisor.applications.profiles.catalogue import GENERIC, catalogue, load_profile
from provisor.applications.profiles.profile import Profile, ProfileError

__all__ = ["GENERIC", "Profile", "ProfileError", "catalogue", "load_profile"]
