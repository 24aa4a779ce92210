"""Notices: what a person must hear of while nobody looks, once per reason, by e-mail and by webhook."""
