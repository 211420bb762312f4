"""What `misfit-gain` trains and how much of it: sizes, scales and the six panels of each variant."""

from dataclasses import dataclass
from typing import Literal

from w2s_theory.catalogue.gain import TABLE, gain_squared
from w2s_theory.claim import Status

Variant = Literal["realizable", "perturbed", "pretrained"]
Trained = Literal["squared", "reverse", "forward"]
Judged = Literal["squared", "risk", "reverse-risk"]

VARIANTS: tuple[Variant, ...] = ("realizable", "perturbed", "pretrained")

INPUTS, WIDTH = 8, 16
INPUT_SCALE = 500.0
"""Standard deviation of each coordinate of the inputs."""

TRUTH_DEPTH, STRONG_DEPTH, WEAK_DEPTH = 5, 8, 2
STRONG_NOISE, WEAK_NOISE = 0.01, 0.05
"""Standard deviations of the noise on every parameter of h*; in the realizable variant the strong one has none."""

BATCH = 32
HEAD_LEARNING_RATE = 1e-3

MIXTURE_FLOOR = 0.05
MIXTURE_CONCENTRATION = 0.2
"""Every coefficient of the Dirichlet distribution that true mixtures are drawn from: a few features carry each."""

CLASSES = 4
HEAD_SCALE = 0.5
"""Standard deviation of the entries of true softmax heads."""

RADIUS = 100.0
"""Radius of the ball of softmax heads, in the norm of their parameters on standardised features."""


@dataclass(frozen=True)
class MisfitDesign:
    """How much of everything: new tasks and their points, pretraining tasks, and epochs of both kinds of training."""

    tasks: int = 100
    points: int = 2000
    fresh_points: int = 2000
    pretraining_tasks: int = 10
    pretraining_epochs: int = 1000
    head_epochs: int = 1000


def misfit_design(quick: bool) -> MisfitDesign:
    """The papers' sizes; quick: 20 tasks, 20 epochs of pretraining and 50 of the heads."""
    return MisfitDesign(tasks=20, pretraining_epochs=20, head_epochs=50) if quick else MisfitDesign()


@dataclass(frozen=True)
class Panel:
    """One way of training, a class of students and a way of judging; `cell` is the claim that speaks of it."""

    id: str
    title: str
    trained: Trained
    family: str
    judged: Judged
    cell: str

    @property
    def proved(self) -> bool:
        """Whether the theory says that the gain is at least the misfit, if the truth is in the class."""
        status = {claim.id: claim.status for claim in (*TABLE, gain_squared)}
        return status[self.cell] is Status.proved


_LINEAR = "linear heads"
_MIXTURE = "mixtures of mean-one features"
_SOFTMAX = "softmax heads in a ball"

PANELS = (
    Panel("squared-least-squares", "squared loss, least squares", "squared", _LINEAR, "squared", "gain-squared"),
    Panel("squared-adam", "squared loss, mini-batch Adam", "squared", _LINEAR, "squared", "gain-squared"),
    Panel("reverse-mixture", "reverse KL, mixtures", "reverse", _MIXTURE, "risk", "gain-reverse-mixture-risk"),
    Panel("forward-mixture", "forward KL, mixtures", "forward", _MIXTURE, "risk", "gain-forward-mixture-risk"),
    Panel(
        "softmax-reverse-risk",
        "forward KL, softmax heads, judged by reverse risk",
        "forward",
        _SOFTMAX,
        "reverse-risk",
        "gain-forward-exponential-reverse-risk",
    ),
    Panel(
        "softmax-risk",
        "forward KL, softmax heads (cross-entropy both ways)",
        "forward",
        _SOFTMAX,
        "risk",
        "gain-forward-exponential-risk",
    ),
)
