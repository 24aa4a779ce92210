"""Tests that end real engine processes with SIGKILL, and what they need: a runner, a company, and a judge."""
