"""Proofs about the proofs: every rule has tests of its number, and breaking a rule on purpose makes one fail."""
