"""Which pairs `bound-scatter` trains: every combination of weak and strong settings, in two worlds."""

import itertools
from dataclasses import dataclass

FLOOR = 0.01
"""The floor γ of every trained model, part of the model in training and in evaluation."""

LEARNING_RATE = 0.03

MIXTURES = (((0.5, 1.0), 0.5), ((0.8, 0.8), 0.5), ((1.0, 0.4), 0.35))
"""Class mean μ and prior of class 1 of the Gaussian mixtures; x given the class is N(±μ, I)."""


@dataclass(frozen=True)
class Budget:
    """What a model is given: `features` it sees, `hidden` units (0: a linear head), `examples` and training `steps`."""

    features: int
    hidden: int
    examples: int
    steps: int


@dataclass(frozen=True)
class PairDesign:
    """One pair to train: the `variant` of its world (which mixture), and both budgets."""

    variant: int
    weak: Budget
    strong: Budget


def mixture_designs(quick: bool) -> tuple[PairDesign, ...]:
    """216 pairs (quick: 36) on three mixtures: weak models see the first of two coordinates."""
    given = ((30, 300), (8, 240)) if not quick else ((30,), (8, 60))
    taught = ((0, 4, 16), (20, 100, 600), (20, 240)) if not quick else ((0, 4, 16), (20, 300), (60,))
    weak = [Budget(1, 0, *budget) for budget in itertools.product(*given)]
    strong = [Budget(2, *budget) for budget in itertools.product(*taught)]
    return tuple(PairDesign(*pair) for pair in itertools.product(range(len(MIXTURES)), weak, strong))


def digits_designs(quick: bool) -> tuple[PairDesign, ...]:
    """108 pairs (quick: 16) on the digits: weak models see the first principal components of the images."""
    given = ((2, 5, 12), (60, 400), (240,)) if not quick else ((2, 12), (60, 400), (60,))
    taught = ((0, 8, 32), (60, 200, 800), (30, 240)) if not quick else ((0, 16), (60, 400), (60,))
    weak = [Budget(seen, 0, *budget) for seen, *budget in itertools.product(*given)]
    strong = [Budget(64, *budget) for budget in itertools.product(*taught)]
    return tuple(PairDesign(0, *pair) for pair in itertools.product(weak, strong))
