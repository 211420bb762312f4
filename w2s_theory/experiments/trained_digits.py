"""Pairs trained on scikit-learn's digits: the weak model sees few principal components, the student the whole image.

The finite set of held-out images *is* the input distribution, and the observed label its one-hot truth: what the
claims then speak of is exact, and about these images only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from w2s_theory.errors import InputError
from w2s_theory.experiments.pair_design import FLOOR, PairDesign
from w2s_theory.experiments.training_batch import Trained, train_batch
from w2s_theory.instance import Instance

LABELLED, UNLABELLED = 400, 800
"""Images in the pool weak models are trained from and in the pool students are; the remaining 597 are held out."""

CONFIDENCE_BANDS = 3


class Digits(NamedTuple):
    """Principal components (n, 64) and labels (n,) of the three disjoint pools."""

    labelled: tuple[np.ndarray, np.ndarray]
    unlabelled: np.ndarray
    held_out: tuple[np.ndarray, np.ndarray]


class DigitsPairs(NamedTuple):
    """Designs and both batches of trained models, in the same order, with the held-out images."""

    designs: Sequence[PairDesign]
    weak: Trained
    strong: Trained
    held_out: tuple[np.ndarray, np.ndarray]


def load_split_digits(rng: np.random.Generator) -> Digits:
    """The digits, split at random; components are those of the two training pools, in units of their largest.

    `InputError` without scikit-learn, which is the optional extra `data`.
    """
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415
    except ImportError:
        raise InputError(
            "the digits world needs scikit-learn, an optional extra: pip install 'w2s-theory[data]'"
        ) from None
    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(labels))
    images, labels = np.asarray(images, float)[order], np.asarray(labels)[order]
    pool = images[: LABELLED + UNLABELLED]
    centre = pool.mean(axis=0)
    _, spread, directions = np.linalg.svd(pool - centre, full_matrices=False)
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])
    components = (images - centre) @ (directions * signs[:, None]).T / (spread[0] / len(pool) ** 0.5)
    held_out = slice(LABELLED + UNLABELLED, None)
    return Digits(
        (components[:LABELLED], labels[:LABELLED]),
        components[LABELLED : LABELLED + UNLABELLED],
        (components[held_out], labels[held_out]),
    )


def train_digits_pairs(
    designs: Sequence[PairDesign], rngs: Sequence[np.random.Generator], digits: Digits
) -> DigitsPairs:
    """Train a weak model and its student for every design, each pair from its own generator."""
    images, labels = digits.labelled
    weak_budgets = [design.weak for design in designs]
    one_hot = np.broadcast_to(np.eye(10)[labels], (len(designs), len(labels), 10))
    given = _random_examples(rngs, [b.examples for b in weak_budgets], len(labels))
    weak = train_batch(rngs, weak_budgets, images, one_hot, given)

    strong_budgets = [design.strong for design in designs]
    given = _random_examples(rngs, [b.examples for b in strong_budgets], len(digits.unlabelled))
    soft_labels = np.asarray(weak.rows(digits.unlabelled))
    strong = train_batch(rngs, strong_budgets, digits.unlabelled, soft_labels, given)
    return DigitsPairs(designs, weak, strong, digits.held_out)


def _random_examples(rngs: Sequence[np.random.Generator], examples: Sequence[int], available: int) -> np.ndarray:
    """Weights (B, available): each model is given that many random examples of the available ones."""
    weights = np.zeros((len(rngs), available))
    for row, rng, count in zip(weights, rngs, examples, strict=True):
        row[rng.permutation(available)[:count]] = 1.0 / count
    return weights


def digits_instances(pairs: DigitsPairs) -> Instance:
    """The pairs as one batch of instances on the held-out images, equally weighted, in float64.

    `groups` are up to 30 cells: the class the weak model predicts, and thirds of the images by its confidence.
    """
    images, labels = pairs.held_out
    weak, strong = (np.asarray(trained.rows(images)) for trained in (pairs.weak, pairs.strong))
    count, size = weak.shape[:2]
    confidence_rank = weak.max(axis=-1).argsort(axis=-1, kind="stable").argsort(axis=-1)
    groups = CONFIDENCE_BANDS * weak.argmax(axis=-1) + CONFIDENCE_BANDS * confidence_rank // size
    with jax.enable_x64(True):
        return Instance(
            weights=np.full((count, size), 1.0 / size),
            truth=np.broadcast_to(np.eye(10)[labels], (count, size, 10)),
            weak=weak,
            strong=strong,
            floor=np.full(count, FLOOR),
            groups=groups,
        )
