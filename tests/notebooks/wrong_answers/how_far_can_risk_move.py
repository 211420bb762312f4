import numpy as np

from checks.how_far_can_risk_move import teacher_and_truth
from w2s_theory.functionals.instance_envelope import line_students

TRUTH, WEAK = (np.asarray(teacher_and_truth()[key]) for key in ("truth", "weak"))
SURE = {"weights": [1.0], "truth": [[1.0, 0.0]], "weak": [[0.4, 0.6]], "strong": [[0.5, 0.5]]}

WRONG = {
    "exercise_1": [1 / 15.8, 44.7, 707.1, "fifteen"],
    "exercise_2": [4.6, 1.0, 20.0, -1.0],
    "exercise_3": [WEAK, TRUTH, line_students(TRUTH, WEAK, 0.2), TRUTH[:2], 2 * WEAK],
    "exercise_4": [
        WEAK,
        np.eye(3),
        line_students(TRUTH, WEAK, -0.2),
        line_students(TRUTH, WEAK, 0.4),
        0.99 * WEAK + 0.01 / 3,
    ],
    "exercise_5": [0.45, 0.6, 0.1, None],
    "exercise_6": [
        SURE,
        SURE | {"floor": 0.3},
        SURE | {"floor": 0.7},
        SURE | {"weak": [[0.0, 1.0]], "floor": 0.3},
        {"floor": 0.3},
        [0.3],
    ],
}
