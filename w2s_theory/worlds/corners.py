"""Extreme tables of any shape: where bounds are tight, undefined, or wrong."""

import numpy as np

from w2s_theory.instance import Instance


def table_corners(inputs: int, classes: int, floor: float, *, lowest_truth: float = 0.0) -> tuple[Instance, ...]:
    """Instances (m, k) whose weak and strong rows keep `floor` and whose truth keeps `lowest_truth`.

    Equal rows everywhere; equal models and another truth; a one-hot truth with a model at the floor, each way
    round; nearly equal rows; all weight on one input; opposite vertices; and two inputs that share a weak row but
    not their truth.
    """
    uniform = np.full((inputs, classes), 1 / classes)

    def vertex(index: int, lowest: float) -> np.ndarray:
        row = np.full(classes, lowest)
        row[index % classes] = 1 - (classes - 1) * lowest
        return row

    def vertices(shift: int, lowest: float) -> np.ndarray:
        return np.stack([vertex(x + shift, lowest) for x in range(inputs)])

    weights = np.full(inputs, 1 / inputs)
    one_input = np.zeros(inputs)
    one_input[0] = 1.0
    tilt = uniform + 1e-9 * (vertices(0, 0.0) - uniform)
    half = 0.5 * (uniform + vertices(0, floor))
    split = uniform + 1e-3 * (vertices(0, 0.0) - uniform)
    cases = [
        (weights, uniform, uniform, uniform),
        (weights, vertices(0, lowest_truth), uniform, uniform),
        (weights, vertices(0, lowest_truth), vertices(1, floor), vertices(0, floor)),
        (weights, vertices(0, lowest_truth), vertices(0, floor), vertices(1, floor)),
        (weights, half, uniform, tilt),
        (weights, vertices(0, lowest_truth), tilt, uniform),
        (one_input, vertices(0, lowest_truth), half, uniform),
        (weights, uniform, vertices(0, floor), vertices(1, floor)),
        (weights, half, half, vertices(1, floor)),
        (weights, vertices(0, lowest_truth), uniform, split),
    ]
    return tuple(Instance(*case, floor=np.asarray(floor)) for case in cases)
