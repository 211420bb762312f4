"""Checks of 01_the_setting, and the three models that the notebook looks at."""

import numpy as np
from scipy.optimize import root_scalar

import w2s_theory as w2s
from checks.frame import Check, accepted, choice, exercise, hint, near, number, rows

CLASSES = ("cat", "dog", "fox")
PAIR = {
    "weights": [0.4, 0.3, 0.2, 0.1],
    "truth": [[0.90, 0.05, 0.05], [0.10, 0.80, 0.10], [0.20, 0.20, 0.60], [0.34, 0.33, 0.33]],
    "weak": [[0.70, 0.20, 0.10], [0.20, 0.60, 0.20], [0.30, 0.30, 0.40], [0.30, 0.40, 0.30]],
    "strong": [[0.80, 0.12, 0.08], [0.15, 0.70, 0.15], [0.25, 0.20, 0.55], [0.98, 0.01, 0.01]],
}
"""Four kinds of photographs: how likely each is, what is on it, what the teacher says, what the student says."""

FACTOR = 3.0
NARROW, FAR = 0.01, 5.0
KL_RANGE = (0.4, 0.6)
SHARE = 0.99


@exercise
def exercise_1(answer: float) -> Check:
    """The forward disagreement of `PAIR`."""
    value, weights = number(answer), PAIR["weights"]
    right = float(w2s.disagreement(weights, PAIR["weak"], PAIR["strong"]))
    if near(value, right):
        return accepted(f"d(F_w, F_sw) = {right:.3f} nats.")
    if near(value, float(w2s.disagreement(weights, PAIR["strong"], PAIR["weak"]))):
        return hint("That is the reverse disagreement. The teacher comes first in the forward one.")
    if near(value, float(w2s.disagreement(np.full(4, 0.25), PAIR["weak"], PAIR["strong"]))):
        return hint(
            "That gives every input the same weight. Some photographs are more frequent than others."
        )
    return hint(
        "It is the mean over the inputs, by their weights, of the KL divergence of teacher and student."
    )


@exercise
def exercise_2(answer: list[list[float]]) -> Check:
    """Two rows, without zeros, whose forward divergence is at least three times the reverse one."""
    p, q = rows(answer, 2, 2)
    if min(p.min(), q.min()) == 0:
        return hint(
            "That works, and too easily: with a zero a divergence is infinite. Keep all entries positive."
        )
    forward, reverse = float(w2s.kl_divergence(p, q)), float(w2s.kl_divergence(q, p))
    said = f"KL(p‖q) = {forward:.3g} and KL(q‖p) = {reverse:.3g}"
    if reverse > 0 and forward >= FACTOR * reverse:
        return accepted(f"{said}: {forward / reverse:.3g} times as much one way as the other.")
    if forward > 0 and reverse >= FACTOR * forward:
        return hint(f"{said}: large, but in the other direction.")
    return hint(f"{said}. What makes KL(p‖q) large: a class that p finds likely, and q … ?")


@exercise
def exercise_3(answer: float) -> Check:
    """The divergence at which the bounds of Pinsker and of Bretagnolle and Huber cross."""

    def lead(kl: float) -> float:
        return float(w2s.pinsker_bound(kl)) - float(w2s.bretagnolle_huber_bound(kl))

    value, right = number(answer), root_scalar(lead, bracket=(0.5, 5.0)).root
    if near(value, right, 0.02):
        return accepted(
            f"They cross at {right:.3f} nats. Below, Pinsker is the better bound; above, the other one."
        )
    if value <= 0:
        return hint("At zero both bounds are zero. They meet once more.")
    better = "Pinsker's" if lead(value) < 0 else "that of Bretagnolle and Huber"
    return hint(f"At {value:.3g} nats the smaller bound is {better}, so they do not cross there.")


@exercise
def exercise_4(answer: list[list[float]]) -> Check:
    """A pair with a divergence in `KL_RANGE` whose total variation is within 1 % of the largest possible."""
    p, q = rows(answer, 2, 2)
    kl, tv = float(w2s.kl_divergence(p, q)), float(w2s.total_variation(p, q))
    if not KL_RANGE[0] <= kl <= KL_RANGE[1]:
        return hint(
            f"KL(p‖q) = {kl:.3g} nats; it should lie between {KL_RANGE[0]} and {KL_RANGE[1]}."
        )
    share = tv / float(w2s.sharp_pinsker_tv(kl))
    said = f"TV = {tv:.4f} is {share:.2%} of the largest possible at KL = {kl:.3f}"
    if share >= SHARE:
        return accepted(f"{said}. So the bound cannot be made smaller: it is sharp.")
    return hint(
        f"{said}. Symmetric pairs do not reach it. The package has a function for pairs on the curve."
    )


@exercise
def exercise_5(answer: list[list[float]]) -> Check:
    """A pair with a tiny total variation and a large divergence."""
    p, q = rows(answer, 2, 2)
    kl, tv = float(w2s.kl_divergence(p, q)), float(w2s.total_variation(p, q))
    said = f"TV = {tv:.3g} and KL(p‖q) = {kl:.3g}"
    if tv > NARROW * (1 + 1e-9):
        return hint(f"{said}: the rows are too far apart in total variation.")
    if kl < FAR:
        return hint(
            f"{said}: the divergence is too small. How unlikely can q find what p does not exclude?"
        )
    return accepted(
        f"{said}. No bound on KL by TV holds for all pairs: that is what a floor will be for."
    )


@exercise
def exercise_6(answer: str) -> Check:
    """What a sweep without a violation says."""
    if choice(answer, ("proved", "evidence", "nothing")) == "evidence":
        return accepted(
            "A counterexample may be too rare for random draws. The proof is in the theory notes."
        )
    if answer == "proved":
        return hint("Could a counterexample hide where the random draws never go?")
    return hint("If the claim were false by a wide margin, would so many draws have missed it?")
