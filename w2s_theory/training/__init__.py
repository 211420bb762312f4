"""How a model arises from data."""
