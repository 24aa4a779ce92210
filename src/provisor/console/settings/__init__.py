"""Settings of this Provisor: administrators, tokens, notifications, attributes, about."""
