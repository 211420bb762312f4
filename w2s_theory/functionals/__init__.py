"""Divergences, risks, envelopes and calibration errors: pure functions of arrays, one concept a file."""
