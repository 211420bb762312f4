"""Checks of the exercises, one module a notebook, and what the notebooks are framed by.

`frame` has what a check is made of, `ready` says which extra is missing, `sliders` lets a parameter be felt.
"""
