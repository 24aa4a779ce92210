"""The audit record and the journal."""
