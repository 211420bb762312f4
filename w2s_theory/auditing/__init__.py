"""A person's own weak and strong predictions: what the samples say of the gain, the bounds and the calibration."""
