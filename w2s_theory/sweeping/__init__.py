"""Sweeps over claims, worlds, experiments and seeds: one row a cell, resumable, on one machine or many."""
