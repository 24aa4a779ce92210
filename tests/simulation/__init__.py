"""Simulation: the engine's and the lab target's real code in virtual time, drawn from a seed, with faults and crashes.

`python -m tests.simulation --seeds 1000 --base 1` runs seeds 1 to 1,000; `make simulate SEEDS=1000 BASE=1` does the
same. A seed that fails is printed with what broke, and `--seeds 1 --base N --tell` replays it with its story.
"""
