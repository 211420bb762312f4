import numpy as np

from checks.real_predictions import predictions

_SAVED = predictions()
_WEAK, _STRONG, _LABELS = (_SAVED[name] for name in ("weak", "strong", "labels"))


def _power(table: np.ndarray, exponent: float) -> np.ndarray:
    made = table**exponent
    return made / made.sum(axis=1, keepdims=True)


def _cut(columns: np.ndarray) -> np.ndarray:
    """The student's rows with nothing left in one column each, divided by their sum."""
    made = _STRONG.copy()
    made[np.arange(len(made)), columns] = 0.0
    return made / made.sum(axis=1, keepdims=True)


_ONE_HOT = np.eye(10)[_STRONG.argmax(axis=1)]

WRONG = {
    "exercise_1": [-0.0383135, 0.0050251, 1.4474106, 0.5, "positive"],
    "exercise_2": [{"a", "b"}, {"a"}, {"a", "d", "e"}, {"a", "c", "d"}, set(), "a"],
    "exercise_3": [_STRONG, _cut(_LABELS), 0.5 * _STRONG, _STRONG[0]],
    "exercise_4": [_STRONG, _WEAK, np.full((597, 10), 0.1), _ONE_HOT],
    "exercise_5": [_STRONG, _WEAK, _power(_WEAK, 2.0), np.full((597, 10), 0.1), _power(_STRONG, 0.7)],
}
