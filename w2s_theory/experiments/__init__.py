"""Simulated weak and strong predictors, really trained, and what the catalogue says of them."""
