import w2s_theory as w2s
from checks.when_does_the_student_win import HEAD_CLAIMS, MODELS, TRUTH, WEAK, trained

FOUND = trained(WEAK, "reverse")
TEACHER, STUDENT = (float(w2s.risk(FOUND["weights"], FOUND["truth"], FOUND[role])) for role in ("weak", "strong"))
GAIN, KEPT = TEACHER - STUDENT, STUDENT / TEACHER

WRONG = {
    "exercise_1": [0.0, 1.0, GAIN, KEPT, [0.1, 0.2], "more"],
    "exercise_2": [WEAK, TRUTH, [0.0, 0.1, 0.9], [0.5, 0.5], [0.3, 0.3, 0.3]],
    "exercise_3": [TRUTH, MODELS[0], MODELS[1], 0.5],
    "exercise_4": [WEAK, TRUTH, MODELS[0], [0.02, 0.16, 0.82], [0.0, 0.8, 0.2]],
    "exercise_5": [set(), set(HEAD_CLAIMS), {"gain-forward-exponential-risk"}, HEAD_CLAIMS[0]],
    "exercise_6": [1.0, 3.0, -6.0, "left"],
}
