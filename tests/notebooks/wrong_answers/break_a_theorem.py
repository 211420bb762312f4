from dataclasses import replace

import jax.numpy as jnp

import w2s_theory as w2s
from checks.break_a_theorem import _hellinger_triangle, _root_triangle
from w2s_theory.claim import Leq
from w2s_theory.instance import Instance


def _without_roots(i: Instance) -> Leq:
    pairs = (i.truth, i.strong), (i.truth, i.weak), (i.weak, i.strong)
    left, first, second = (w2s.expectation(i.weights, w2s.squared_hellinger(*pair)) for pair in pairs)
    return Leq(left, first + second)


def _mean_of_roots(i: Instance) -> Leq:
    pairs = (i.truth, i.strong), (i.truth, i.weak), (i.weak, i.strong)
    left, first, second = (w2s.expectation(i.weights, jnp.sqrt(w2s.squared_hellinger(*pair))) for pair in pairs)
    return Leq(left, first + second)


def _pair(truth, weak, strong):
    return {"weights": [1.0], "truth": [truth], "weak": [weak], "strong": [strong]}


def _rational(truth, weak, strong):
    return {"weights": ["1/2", "1/2"], "truth": truth, "weak": weak, "strong": strong}


_HALF = [["1/2", "1/2"]] * 2
_ONE_HOT = [["1", "0"], ["0", "1"]]
_SITUATIONS = (
    "a sweep of a million instances shows no violation",
    "falsify reports a violation that is not certified",
    "the verifier accepts a certificate of a violation",
    "certify accepts a box of two-class instances",
)

WRONG = {
    "exercise_1": [
        _pair([0.7, 0.3], [0.6, 0.4], [0.4, 0.6]),
        _pair([1.0, 0.0], [0.5, 0.5], [0.01, 0.99]),
        _pair([0.5, 0.5], [0.5, 0.5], [0.001, 0.999]),
        _pair([1.0, 0.0], [0.5, 0.5], [0.0, 1.0]),
        _pair([0.7, 0.2], [0.6, 0.4], [0.4, 0.6]),
        [[0.5, 0.5]],
    ],
    "exercise_2": [
        replace(_hellinger_triangle, sides=_without_roots),
        replace(_hellinger_triangle, sides=_mean_of_roots),
        replace(_hellinger_triangle, statement=""),
        _root_triangle,
        w2s.CATALOGUE["pinsker"],
        _without_roots,
    ],
    "exercise_3": [
        _pair([0.5, 0.5], [0.5, 0.5], [0.5, 0.5]),
        _pair([0.5, 0.5], [0.9, 0.1], [0.1, 0.9]),
        _pair([0.5, 0.5], [0.1, 0.9], [0.11, 0.89]),
        0.999,
    ],
    "exercise_4": [
        _rational([["9/10", "1/10"], ["1/10", "9/10"]], _HALF, [["501/1000", "499/1000"], ["499/1000", "501/1000"]]),
        _rational(_ONE_HOT, _HALF, [["9/10", "1/10"], ["1/10", "9/10"]]),
        _rational(_ONE_HOT, _HALF, _HALF),
        _rational([[1.0, 0.0], [0.0, 1.0]], _HALF, _HALF),
        _rational(_ONE_HOT, _HALF, [["1/2", "1/3"], ["1/2", "1/2"]]),
        {"weights": ["1"]},
        "1/2",
    ],
    "exercise_5": [
        dict.fromkeys(_SITUATIONS, "evidence"),
        dict(zip(_SITUATIONS, ("proved", "candidate", "refuted", "proved on the box"), strict=True)),
        dict(zip(_SITUATIONS, ("evidence", "refuted", "refuted", "proved on the box"), strict=True)),
        dict(zip(_SITUATIONS, ("evidence", "candidate", "refuted", "proved"), strict=True)),
        dict.fromkeys(_SITUATIONS, "true"),
        ["evidence"],
    ],
}
