"""One's own account: how one signs in."""
