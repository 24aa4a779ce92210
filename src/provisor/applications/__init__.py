"""Applications, profiles, policies and their secrets: what Provisor writes to, and how it speaks there."""
