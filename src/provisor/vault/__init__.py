"""Secrets at rest (R17): the envelope, the keys that seal, what is sealed, and how keys are exchanged."""
