"""Benchmarks of Provisor, always as a ratio against a floor in one run."""
