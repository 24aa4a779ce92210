"""The endpoints of single sign-on that applications ask: discovery, keys, tokens, and who somebody is."""
