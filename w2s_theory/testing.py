"""Property tests with Hypothesis: instances of any world, rows of the simplex, pairs of predictors, joint laws, and the
simplest violation of a claim.

Whatever fails is shrunk to something short: fewer inputs, equal predictions, uniform rows, fractions with small
denominators.  Set `deadline=None`: the first example of a shape compiles.  This module alone imports `hypothesis`,
which is not a run-time dependency: install it beside the package.
"""

import functools
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import jax
import numpy as np
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from scipy.special import kl_div

from w2s_theory._numerics import compiled
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError
from w2s_theory.functionals.risks import disagreement
from w2s_theory.instance import Instance
from w2s_theory.verdict import Verdict
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.worlds.world import World

_SCALES = (0.0, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 4.0, 12.0)
_COUNTS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 1e-3, 1e-9)
_STEPS = (0.0, 1.0, 0.5, 1e-3, 1e-9)
_PARTS = (1, 2, 4, 8, 1024)


class PredictorPair(NamedTuple):
    """Two predictors and a truth on m weighted inputs with k classes; `w2s.evaluate(ID, pair._asdict())` works.

    `weights (m,)` sum to one; the rows of `truth`, `weak` and `strong (m, k)` lie on the simplex.
    """

    weights: np.ndarray
    truth: np.ndarray
    weak: np.ndarray
    strong: np.ndarray


class JointLaw(NamedTuple):
    r"""A joint law of label and prediction: with probability `weights[x]` the prediction is the row `model[x]`.

    The label is then i with probability `truth[x, i]`.  Equal rows of `model (m, k)` are one prediction, so
    $P(Y=i\mid F)$ averages the rows of `truth (m, k)` that share it.  In this order these are the arguments of every
    calibration error: `marginal_calibration_error(*law)`.
    """

    weights: np.ndarray
    truth: np.ndarray
    model: np.ndarray


def coordinates(world: World) -> st.SearchStrategy[np.ndarray]:
    """Coordinates z (dim,) of `world`: each block a small vector times a scale from 0 to 12, so ties are common."""
    small = st.integers(-12, 12).map(lambda n: n / 4)
    parts = [
        st.builds(
            lambda scale, entries: scale * np.array(entries),
            st.sampled_from(_SCALES),
            st.lists(small, min_size=block.size, max_size=block.size),
        )
        for block in world.blocks
    ]
    return st.tuples(*parts).map(np.concatenate)


def instances(world: World) -> st.SearchStrategy[Instance]:
    """Instances of `world`: one of its corners, or the one at drawn `coordinates`; in float64.

    They shrink towards the world's simplest instance.
    """
    drawn, corners = _at_coordinates(world), world.corners()
    return st.one_of(drawn, st.sampled_from(corners)) if corners else drawn


def _at_coordinates(world: World) -> st.SearchStrategy[Instance]:
    decode = compiled(world.decode)

    def at(z: np.ndarray) -> Instance:
        with jax.enable_x64(True):
            return decode(z)

    at(np.zeros(world.dim))  # compiled here: compiling draws random numbers, which Hypothesis allows no strategy to do
    return coordinates(world).map(at)


def smallest_violation(claim: Claim, *, at_least: float = 0.0, examples: int = 300, seed: int = 0) -> Instance | None:
    """The simplest instance that Hypothesis shrinks a violation of `claim` to; None if `examples` a world show none.

    A violation is beyond the error budget, and its slack at most -`at_least`: shrinking makes violations small, and one
    near the budget convinces nobody.  The claim's worlds are asked in order, without their corners, which are seldom
    simple.  None is evidence, not a proof.
    """
    tried = settings(max_examples=examples, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])

    def violated(instance: Instance) -> bool:
        try:
            found = evaluate_claim(claim, instance)
        except InputError:
            return False
        return found.verdict is Verdict.violated and found.slack is not None and found.slack <= -at_least

    for world in claim.worlds:
        try:
            return find(_at_coordinates(world), violated, settings=tried, random=Random(seed))
        except NoSuchExample:
            continue
    return None


def simplex_rows(k: int, floor: float = 0.0) -> st.SearchStrategy[np.ndarray]:
    r"""One row (k,) of the simplex at a time: $F_i\ge\text{floor}$ exactly, $|\sum_iF_i-1|\le2k\cdot2^{-53}$.

    Rows are proportional to counts from 0 to 6, or 1e-3 or 1e-9, so that zeros, ties, one-hot rows and nearly one-hot
    rows are common.  One with an entry below the floor is mixed with the uniform row,
    $\text{floor}+(1-k\,\text{floor})F_i$, so zeros end up at the floor.  Shrinks to the uniform row, through fractions
    with small denominators.  `InputError` unless k ≥ 1 and 0 ≤ floor ≤ 1/k.
    """
    if k < 1:
        raise InputError(f"k={k} is not a positive number of classes")
    if not 0 <= floor <= 1 / k:
        raise InputError(f"floor={floor!r} is not in [0, 1/{k}]")

    def floored(row: np.ndarray) -> np.ndarray:
        return row if np.min(row) >= floor else floor + max(0.0, 1 - k * floor) * row

    counts = st.lists(st.sampled_from(_COUNTS), min_size=k, max_size=k).filter(any)
    return counts.map(_shares).map(floored)


def predictor_pairs(
    *, inputs: int = 3, classes: int = 2, max_kl: float | None = None, floor: float = 0.0
) -> st.SearchStrategy[PredictorPair]:
    r"""Pairs of predictors on at most `inputs` weighted inputs, with $d_P(F_w,F_{sw})\le$ `max_kl` if that is given.

    The bound holds as `disagreement(weights, weak, strong)` computes it: a strong model drawn too far away is moved
    towards the weak one, on a straight line, by halving the way until it is near enough, or as far as the bound
    allows.  Without `max_kl` the disagreement may be infinite, unless there is a floor: every entry of both models is
    at least `floor` exactly.  The truth, a row of the simplex at each input, has none.  Inputs may share their weak
    row, exactly or nearly.  Shrinks to one input with uniform rows, both models equal.  `InputError` for numbers out
    of range.
    """
    if max_kl is not None and not max_kl >= 0:
        raise InputError(f"max_kl={max_kl!r} is not a number ≥ 0")
    truth, row = simplex_rows(classes), simplex_rows(classes, floor)
    points = _points(inputs, truth, st.sampled_from(_STEPS), row, row)

    def pair(shared: np.ndarray, drawn: Sequence[Any], step: float, parts: int, each: bool) -> PredictorPair:
        counts, labels, steps, rows, others = zip(*drawn, strict=True)
        weights, weak = _shares(counts), _near(shared, rows, steps)
        target = _between(weak, np.array(others), step)
        strong = target if max_kl is None else _within(weights, weak, target, max_kl, parts, each)
        return PredictorPair(weights, np.array(labels), weak, strong)

    return st.builds(
        pair, row, points, st.sampled_from(_STEPS), st.sampled_from(_PARTS), st.sampled_from((True, False))
    )


def joint_laws(k: int, *, inputs: int = 4, floor: float = 0.0) -> st.SearchStrategy[JointLaw]:
    """Joint laws of a label with k values and a prediction, on at most `inputs` weighted inputs.

    What calibration errors see: predictions shared by inputs with different truths, and predictions that nearly
    coincide.  Every entry of the predictions is at least `floor` exactly; the truth has none.  Shrinks to one input
    with uniform prediction and truth.  `InputError` for numbers out of range.
    """
    truth, row = simplex_rows(k), simplex_rows(k, floor)

    def law(shared: np.ndarray, drawn: Sequence[Any]) -> JointLaw:
        counts, labels, steps, rows = zip(*drawn, strict=True)
        return JointLaw(_shares(counts), np.array(labels), _near(shared, rows, steps))

    return st.builds(law, row, _points(inputs, truth, st.sampled_from(_STEPS), row))


def _points(inputs: int, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Between one and `inputs` tuples of a count, not all zero, and the parts."""
    if inputs < 1:
        raise InputError(f"inputs={inputs} is not a positive number")
    points = st.lists(st.tuples(st.sampled_from(_COUNTS), *parts), min_size=1, max_size=inputs)
    return points.filter(lambda drawn: any(count for count, *_ in drawn))


def _shares(counts: Any) -> np.ndarray:
    return np.array(counts) / np.sum(counts)


def _between(start: np.ndarray, end: np.ndarray, step: Any) -> np.ndarray:
    """(1 - step) start + step end, kept between the two against rounding; exact at both ends."""
    return np.clip((1 - step) * start + step * end, np.minimum(start, end), np.maximum(start, end))


def _near(shared: np.ndarray, rows: Any, steps: Any) -> np.ndarray:
    """The shared row at every input, moved towards the input's own row by its step."""
    return _between(shared, np.array(rows), np.array(steps)[:, None])


def _within(
    weights: np.ndarray, weak: np.ndarray, strong: np.ndarray, limit: float, parts: int, each: bool
) -> np.ndarray:
    """The strong model, moved towards the weak one until their disagreement is at most `limit`.

    The way is halved until that is so, at all inputs together or for the divergence at `each` of them; of the half
    that was cut off last, as many of `parts` equal parts are put back as the limit allows.
    """

    near = functools.partial(_near_enough, weights, weak, strong, limit, each)
    halved = np.append(2.0 ** -np.arange(64), 0.0)[:, None] * np.ones(len(weights))
    enough = np.argmax(near(halved), axis=0)
    low, high = halved[enough, range(len(weights))], halved[np.maximum(enough - 1, 0), range(len(weights))]
    tried = np.linspace(low, high, parts + 1)
    steps = tried[np.sum(np.logical_and.accumulate(near(tried), axis=0), axis=0) - 1, range(len(weights))]
    cut = 2.0**-52
    while float(disagreement(weights, weak, moved := _between(weak, strong, steps[:, None]))) > limit:
        steps, cut = steps * (1 - cut), 2 * cut  # rounding
    return moved


def _near_enough(
    weights: np.ndarray, weak: np.ndarray, strong: np.ndarray, limit: float, each: bool, steps: np.ndarray
) -> np.ndarray:
    """Whether the strong model is within the limit after these steps from the weak one, at `each` input or over all."""
    apart = np.sum(kl_div(weak, _between(weak, strong, steps[..., None])), axis=-1)
    if not each:
        apart = np.broadcast_to(np.where(weights > 0, apart, 0.0) @ weights, apart.T.shape).T
    return apart <= limit
