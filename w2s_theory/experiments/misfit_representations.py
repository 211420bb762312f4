"""Where the three frozen representations of `misfit-gain` come from: copied, perturbed or pretrained."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from w2s_theory.experiments.misfit_design import (
    BATCH,
    INPUT_SCALE,
    INPUTS,
    STRONG_DEPTH,
    STRONG_NOISE,
    TRUTH_DEPTH,
    WEAK_DEPTH,
    WEAK_NOISE,
    WIDTH,
    MisfitDesign,
)
from w2s_theory.predictors.relu_network import ReluNetwork, perturbed_network, random_linear, random_relu_network
from w2s_theory.training.pretraining import FrozenTasks, Pretrained, Schedule, pretrain


class Representations(NamedTuple):
    """The frozen networks in their roles: h* of the truth, h_s of the student, h_w of the teacher."""

    truth: ReluNetwork
    strong: ReluNetwork
    weak: ReluNetwork


def draw_inputs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Inputs (…, 8) from N(0, 500² I)."""
    return INPUT_SCALE * rng.standard_normal((*shape, INPUTS))


def true_network(rng: np.random.Generator) -> ReluNetwork:
    """A random h* of five layers."""
    return random_relu_network(rng, [INPUTS, *[WIDTH] * TRUTH_DEPTH])


def realizable_representations(rng: np.random.Generator, truth: ReluNetwork) -> Representations:
    """The student has h* itself, its teacher a noisy copy."""
    return Representations(truth, truth, perturbed_network(rng, truth, WEAK_NOISE))


def perturbed_representations(rng: np.random.Generator, truth: ReluNetwork) -> Representations:
    """Noisy copies of h*, the student's less noisy than its teacher's."""
    strong = perturbed_network(rng, truth, STRONG_NOISE)
    return Representations(truth, strong, perturbed_network(rng, truth, WEAK_NOISE))


def pretraining_tasks(rng: np.random.Generator, truth: ReluNetwork, design: MisfitDesign) -> FrozenTasks:
    """Random frozen heads on h* with points of their own, float32."""
    inputs = draw_inputs(rng, design.pretraining_tasks, design.points).astype(np.float32)
    slopes, offsets = (part.T for part in _heads(rng, design.pretraining_tasks))
    labels = np.einsum("tnj,tj->tn", np.asarray(truth.representation(inputs)), slopes) + offsets[:, None]
    return FrozenTasks(inputs, labels.astype(np.float32), np.ascontiguousarray(slopes), np.ascontiguousarray(offsets))


def pretrained_network(
    rng: np.random.Generator, depth: int, tasks: FrozenTasks, design: MisfitDesign, told: Callable[[float], None]
) -> Pretrained:
    """A random network of `depth` layers, trained until it serves the frozen heads as h* does."""
    start = random_relu_network(rng, [INPUTS, *[WIDTH] * depth])
    key = jax.random.key(int(rng.integers(2**31)))
    return pretrain(start, tasks, key, epochs=design.pretraining_epochs, schedule=Schedule(batch=BATCH), told=told)


def _heads(rng: np.random.Generator, tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Random heads as slopes (16, T) and offsets (T,)."""
    drawn = [random_linear(rng, WIDTH, 1) for _ in range(tasks)]
    return np.concatenate([w for w, _ in drawn], axis=1), np.concatenate([b for _, b in drawn])


def draw_linear_heads(rng: np.random.Generator, tasks: int) -> np.ndarray:
    """Random heads (17, T) in float64: the coefficients of 16 features, then the constant."""
    slopes, offsets = _heads(rng, tasks)
    return np.concatenate([slopes, offsets[None]]).astype(np.float64)


DEPTHS = (("strong", STRONG_DEPTH), ("weak", WEAK_DEPTH))
"""Which representations are pretrained, the costlier one first."""
