"""Typical wrong answers: for each module of checks the exercises' arguments, several wrong ones each."""
