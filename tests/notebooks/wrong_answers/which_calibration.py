from checks.which_calibration import READINGS, TEACHER, pair

TWO_SCORES = {
    "weights": [0.25] * 4,
    "truth": [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]],
    "weak": [[0.5, 0.5], [0.5, 0.5], [0.6, 0.4], [0.6, 0.4]],
}

WRONG = {
    "exercise_1": [0.0, 0.002, 0.399, 0.8 * 2, "0.8"],
    "exercise_2": [
        pair(0.0001),
        TWO_SCORES | {"strong": [[0.55, 0.45], [0.45, 0.55], [0.6, 0.4], [0.6, 0.4]]},
        TWO_SCORES | {"strong": TWO_SCORES["weak"]},
        TEACHER,
        0.5,
    ],
    "exercise_3": [
        {"calibration-smooth"},
        set(READINGS),
        {"calibration-binned", "calibration-smooth"},
        "calibration-smooth",
        set(),
    ],
    "exercise_4": [pair(0.002), pair(0.05), {"weights": [1.0]}, []],
    "exercise_5": [0.0, 0.8, 0.3, 2.0],
    "exercise_6": [200, 100_000, 1_000, 0.05],
}
