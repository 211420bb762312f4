"""Where training starts."""

import numpy as np

from w2s_theory.predictors.masked_network import Capacity, Network


def initial_network(rng: np.random.Generator, capacity: Capacity, classes: int) -> Network:
    """Random weights of variance one over the number of *unmasked* incoming units, biases zero; float32.

    The scale follows the capacity, so a masked network starts as the smaller network would.
    """
    features, hidden = len(capacity.seen), len(capacity.active)
    inward_scale = max(float(np.sum(capacity.seen)), 1.0) ** -0.5
    outward_scale = max(float(np.sum(capacity.active)), 1.0) ** -0.5

    def weights(rows: int, columns: int, scale: float) -> np.ndarray:
        return (scale * rng.standard_normal((rows, columns))).astype(np.float32)

    return Network(
        skip=weights(features, classes, inward_scale),
        bias=np.zeros(classes, np.float32),
        inward=weights(features, hidden, inward_scale),
        shift=np.zeros(hidden, np.float32),
        outward=weights(hidden, classes, outward_scale),
    )
