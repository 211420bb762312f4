import numpy as np

import w2s_theory as w2s
from checks.the_setting import PAIR

WRONG = {
    "exercise_1": [
        w2s.disagreement(PAIR["weights"], PAIR["strong"], PAIR["weak"]),
        np.mean(np.asarray(w2s.kl_divergence(PAIR["weak"], PAIR["strong"]))),
        w2s.kl_divergence(PAIR["weak"], PAIR["strong"]),
        0.5,
    ],
    "exercise_2": [
        [[0.5, 0.5], [0.4, 0.6]],
        [[0.9999, 0.0001], [0.5, 0.5]],
        [[0.5, 0.5], [1.0, 0.0]],
        [[0.3, 0.7], [0.3, 0.7]],
        [0.5, 0.5],
    ],
    "exercise_3": [0.0, 2.0, 1.0, "two"],
    "exercise_4": [[[0.7, 0.3], [0.2, 0.8]], [[0.75, 0.25], [0.25, 0.75]], np.stack(w2s.extremal_pair(3.0))],
    "exercise_5": [[[0.99, 0.01], [0.999, 0.001]], [[0.5, 0.5], [1.0, 0.0]]],
    "exercise_6": ["proved", "nothing", True],
}
