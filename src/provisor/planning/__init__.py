"""Desired against acknowledged state gives operations. Pure: a dry run and a pass share it."""
