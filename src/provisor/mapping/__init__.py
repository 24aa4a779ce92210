"""Rules that render a directory user or group into an application's resource. Pure."""
