"""Parametric predictors: softmax heads that keep a floor, and networks of a masked capacity."""
