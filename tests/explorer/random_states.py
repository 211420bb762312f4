"""Random states of both kinds, with near-equal and near-boundary ones, ties and truths that have zeros."""

import numpy as np

from w2s_theory.report.explorer.states import LEAST_ENTRY, State

SHAPES = (
    "plain",
    "near equal",
    "near the boundary",
    "truth with zeros",
    "ties",
    "beside the truth",
    "one decimal",
    "bin edges",
)


def simplex_state(rng: np.random.Generator, shape: str) -> State:
    def row(sharpness: float = 1.0) -> np.ndarray:
        return mended(rng.dirichlet(np.full(3, sharpness)))

    def mended(entries: np.ndarray) -> np.ndarray:
        entries = np.maximum(entries, LEAST_ENTRY * 1.0001)
        return entries / entries.sum()

    truth, weak, strong = row(), row(), row()
    if shape == "near equal":
        strong = mended(weak * (1 + 10 ** rng.uniform(-9, -2) * rng.normal(size=3)))
    if shape == "near the boundary":
        weak, strong = row(0.1), row(0.1)
    if shape == "truth with zeros":
        truth = rng.permutation([1.0, 0.0, 0.0] if rng.random() < 0.5 else [0.25, 0.75, 0.0])
    if shape == "ties":
        truth = weak = row()
    if shape == "beside the truth":
        strong = mended(truth * (1 + 10 ** rng.uniform(-6, -1) * rng.normal(size=3)))
    if shape == "one decimal":
        truth, weak, strong = (np.array([0.1, 0.1, 0.1]) + rng.multinomial(7, np.full(3, 1 / 3)) / 10 for _ in "abc")
    return State("simplex", truth.tolist(), weak.tolist(), strong.tolist())


def pair_state(rng: np.random.Generator, shape: str) -> State:
    def mended(point: np.ndarray) -> np.ndarray:
        return np.clip(point, 1.001 * LEAST_ENTRY, 1 - 1.001 * LEAST_ENTRY)

    truth, weak, strong = (mended(rng.random(2)) for _ in "abc")
    if shape == "near equal":
        strong = mended(weak * (1 + 10 ** rng.uniform(-9, -2) * rng.normal(size=2)))
    if shape == "near the boundary":
        weak, strong = (mended(rng.beta(0.05, 0.05, size=2)) for _ in "ab")
    if shape == "truth with zeros":
        truth = rng.integers(0, 2, size=2).astype(float)
    if shape == "ties":
        weak = np.full(2, weak[0])
        strong = np.full(2, strong[0]) if rng.random() < 0.3 else strong
    if shape == "beside the truth":
        strong = mended(truth * (1 + 10 ** rng.uniform(-6, -1) * rng.normal(size=2)))
    if shape == "one decimal":
        truth, weak, strong = (rng.integers(1, 10, size=2) / 10 for _ in "abc")
    if shape == "bin edges":
        weak, strong = (rng.choice([0.2, 0.4, 0.6, 0.8]) + np.array([0.0, rng.uniform(-0.06, 0.06)]) for _ in "ab")
    return State(
        "pair", truth.tolist(), weak.tolist(), strong.tolist(), weight=round(float(rng.uniform(0.01, 0.99)), 2)
    )


def random_states(kind: str, count: int, seed: int) -> list[State]:
    """`count` states of one kind, the shapes in turn."""
    rng = np.random.default_rng([seed, len(kind)])
    one = simplex_state if kind == "simplex" else pair_state
    return [one(rng, SHAPES[number % len(SHAPES)]) for number in range(count)]
