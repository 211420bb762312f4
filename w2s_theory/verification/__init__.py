"""Evaluation and sweeps of any claim; nothing here knows a claim by name."""
