r"""Pairs trained on a Gaussian mixture whose weak model sees one of two coordinates, judged at population level.

The weak model is trained on hard labels drawn from the truth; the student on the weak model's soft labels of other
inputs.  Both sides of every claim are then integrals over the *known* distribution, by quadrature.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.experiments.pair_design import FLOOR, MIXTURES, PairDesign
from w2s_theory.experiments.training_batch import Trained, first_examples, train_batch
from w2s_theory.instance import Conditioning, Instance
from w2s_theory.worlds.gaussian_mixture import mixture_measure, posterior, posterior_given_first, posterior_given_score


class MixturePairs(NamedTuple):
    """Designs and both batches of trained models, in the same order."""

    designs: Sequence[PairDesign]
    weak: Trained
    strong: Trained


def draw_mixture(rng: np.random.Generator, variant: int, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, 2) and one-hot labels (n, 2) from mixture number `variant`."""
    mean, prior = MIXTURES[variant]
    label = (rng.random(examples) < prior).astype(int)
    inputs = rng.standard_normal((examples, 2)) + np.where(label, 1.0, -1.0)[:, None] * np.asarray(mean)
    return inputs, np.eye(2)[label]


def train_mixture_pairs(designs: Sequence[PairDesign], rngs: Sequence[np.random.Generator]) -> MixturePairs:
    """Train a weak model and its student for every design, each pair from its own generator."""
    weak_budgets = [design.weak for design in designs]
    strong_budgets = [design.strong for design in designs]
    labelled = max(budget.examples for budget in weak_budgets)
    drawn = [draw_mixture(rng, d.variant, labelled) for rng, d in zip(rngs, designs, strict=True)]
    inputs, labels = (np.stack(part) for part in zip(*drawn, strict=True))
    weak = train_batch(rngs, weak_budgets, inputs, labels, first_examples(weak_budgets, labelled))

    taught = max(budget.examples for budget in strong_budgets)
    others = np.stack([draw_mixture(rng, d.variant, taught)[0] for rng, d in zip(rngs, designs, strict=True)])
    soft_labels = np.asarray(weak.rows(others))
    strong = train_batch(rngs, strong_budgets, others, soft_labels, first_examples(strong_budgets, taught))
    return MixturePairs(designs, weak, strong)


def mixture_instances(pairs: MixturePairs, nodes: int) -> Instance:
    """The pairs as one batch of instances on quadrature grids of `nodes` x `nodes` atoms, in float64.

    `groups` are the columns of the grid: equal first coordinates, which is what a weak model conditions on.  The
    conditioning table of the weak score is exact, because that score is one-to-one in the first coordinate; the table
    of the student's score, filled in for all, is right for *linear* students only: see `without_student_table`.
    """
    with jax.enable_x64(True):
        means = np.array([MIXTURES[d.variant][0] for d in pairs.designs])
        priors = np.array([MIXTURES[d.variant][1] for d in pairs.designs])
        batch = _grids(nodes)(means, priors, _log_odds(pairs.strong))
        points = np.asarray(batch.features)
        models = [trained.rows(points) for trained in (pairs.weak, pairs.strong)]
        return eqx.tree_at(
            lambda i: (i.weak, i.strong, i.features), batch, (*models, None), is_leaf=lambda leaf: leaf is None
        )


def without_student_table(batch: Instance) -> Instance:
    """The same instances where nothing is known of the truth given the student's score."""
    assert batch.conditioning is not None
    return eqx.tree_at(lambda i: i.conditioning, batch, Conditioning(weak_score=batch.conditioning.weak_score))


def _log_odds(trained: Trained) -> np.ndarray:
    """Slope (B, 2) of the linear part of the log-odds of class 1."""
    slopes = np.asarray(trained.networks.skip, np.float64) * np.asarray(trained.capacities.seen)[:, :, None]
    return slopes[:, :, 1] - slopes[:, :, 0]


@functools.lru_cache(maxsize=4)
def _grids(nodes: int) -> Callable[[np.ndarray, np.ndarray, np.ndarray], Instance]:
    def one(mean: jax.Array, prior: jax.Array, slope: jax.Array) -> Instance:
        measure = mixture_measure(mean, prior, nodes)
        x, offset = measure.points, jnp.log(prior) - jnp.log1p(-prior)
        given_first = posterior_given_first(mean, offset, x)
        given_score = posterior_given_score(mean, offset, slope, x)
        truth = posterior(2.0 * (x @ mean) + offset)
        return Instance(
            weights=measure.weights,
            truth=truth,
            weak=truth,
            strong=truth,
            floor=jnp.asarray(FLOOR),
            features=x,
            groups=jnp.arange(nodes * nodes) // nodes,
            conditioning=Conditioning(given_first, given_score, given_score),
            coarse_weights=measure.coarse_weights,
            provenance=measure.provenance,
        )

    return compiled(jax.vmap(one))
