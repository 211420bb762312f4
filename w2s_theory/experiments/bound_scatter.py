"""`bound-scatter`: really trained weak and strong models beside every bound on their risks and calibration errors."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

import jax
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.experiments.claims_on_pairs import (
    UNRESOLVED,
    calibration_claims,
    claims_inside_domain,
    claims_on_pairs,
    risk_claims,
)
from w2s_theory.experiments.pair_design import (
    FLOOR,
    LEARNING_RATE,
    MIXTURES,
    PairDesign,
    digits_designs,
    mixture_designs,
)
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.experiments.replicates import Tell, of_seeds, told
from w2s_theory.experiments.trained_digits import digits_instances, load_split_digits, train_digits_pairs
from w2s_theory.experiments.trained_mixture import (
    MixturePairs,
    mixture_instances,
    train_mixture_pairs,
    without_student_table,
)
from w2s_theory.experiments.training_batch import Trained
from w2s_theory.functionals.risks import disagreement, risk, risk_difference
from w2s_theory.instance import Instance
from w2s_theory.processes import Spread

CURVE_POINTS = 24

_STEPS = 5  # reported to `progress` for each of the seeds
_MIXTURE, _DIGITS, _SPLIT = 0, 1, 2  # streams of random numbers, one a purpose


def bound_scatter(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""Train 324 pairs (quick: 52) and evaluate the catalogue's claims of theory sections 3 and 4 on each.

    Weak models are softmax heads trained on labels; students, linear or with hidden units, are trained on the weak
    model's *soft* labels of other inputs; all by full-batch Adam on the cross-entropy, in float32, and floored:
    $F=\gamma+(1-k\gamma)\,\mathrm{softmax}$, γ = 0.01.  Claims are evaluated in float64, on the known distribution
    of a Gaussian mixture by quadrature and on held-out digits as a finite distribution.  `seeds` repeats everything
    with further random numbers.  `progress(stage, fraction)` is told, from worker threads, how far the one stage is.

    Returns a dictionary that JSON can hold: `settings`, `worlds`, `curve_steps`, `pairs` and `summary`.
    `InputError` without scikit-learn (the optional extra `data`), for a negative seed, or for `seeds` below one.
    """
    check_seeds("bound-scatter", seed, seeds)
    nodes, coarse_nodes = _nodes(quick)
    one = partial(_replicate, seed=seed, quick=quick)
    made = of_seeds(one, seeds, spread, told(progress, "trained pairs"))
    pairs = [pair for of_seed in made for pair in of_seed]
    budgets = [pair[role] for pair in pairs for role in ("weak", "strong")]
    return rounded(
        {
            "experiment": "bound-scatter",
            "settings": {
                "seed": seed,
                "seeds": seeds,
                "quick": quick,
                "floor": FLOOR,
                "model": "floor + (1 - classes * floor) * softmax(logits)",
                "loss": "cross-entropy, full batch; weak models on labels, students on the weak model's soft labels",
                "optimiser": {"name": "Adam", "learning_rate": LEARNING_RATE},
                "precision": {"training": "float32", "evaluation": "float64"},
                "quadrature_nodes": {"smooth calibration": coarse_nodes, "everything else": nodes},
            },
            "worlds": _worlds(),
            "curve_steps": {str(steps): _curve_steps(steps) for steps in sorted({b["steps"] for b in budgets})},
            "pairs": pairs,
            "summary": summarise(pairs),
            "overview": _overview(pairs),
        }
    )


def _nodes(quick: bool) -> tuple[int, int]:
    """Quadrature nodes, and those for smooth calibration."""
    return (33, 17) if quick else (49, 25)


def _replicate(replicate: int, *, tell: Tell, seed: int, quick: bool) -> list[dict[str, Any]]:
    """All pairs of one seed."""
    steps = itertools.count(1)

    def step() -> None:
        tell(next(steps) / _STEPS)

    with ThreadPoolExecutor(max_workers=2) as pool:
        digits = pool.submit(_digits_pairs, seed, replicate, quick, step)
        mixture = pool.submit(_mixture_pairs, seed, replicate, quick, *_nodes(quick), step)
        return [*mixture.result(), *digits.result()]


def summarise(pairs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """For each world: number of pairs, share whose student is better than its teacher, and verdicts by claim."""
    summary = {}
    for world in dict.fromkeys(pair["world"] for pair in pairs):
        members = [pair for pair in pairs if pair["world"] == world]
        changes = np.array([pair["risk_difference"] for pair in members])
        identifiers = dict.fromkeys(identifier for pair in members for identifier in pair["claims"])
        summary[world] = {
            "pairs": len(members),
            "student_better": float(np.mean(changes < 0)),
            "student_worse": float(np.mean(changes > 0)),
            "largest_gain": float(max(0.0, -changes.min())),
            "largest_loss": float(max(0.0, changes.max())),
            "verdicts": {
                identifier: dict(Counter(p["claims"][identifier]["verdict"] for p in members))
                for identifier in identifiers
            },
        }
    return summary


def _overview(pairs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How every claim came out over the pairs."""
    counted: dict[str, Counter[str]] = {}
    for pair in pairs:
        for identifier, outcome in pair["claims"].items():
            counted.setdefault(identifier, Counter())[outcome["verdict"]] += 1
    words = [[name, ", ".join(f"{n} {verdict}" for verdict, n in sorted(c.items()))] for name, c in counted.items()]
    title = f"bound-scatter: verdicts over {len(pairs)} trained pairs"
    return {"title": title, "columns": ["claim", "verdicts"], "rows": words}


def _mixture_pairs(
    seed: int, replicate: int, quick: bool, nodes: int, coarse_nodes: int, tell: Callable[[], None]
) -> list[dict[str, Any]]:
    designs = mixture_designs(quick)
    seeds = [[seed, replicate, _MIXTURE, number] for number in range(len(designs))]
    trained = train_mixture_pairs(designs, [np.random.default_rng(s) for s in seeds])
    tell()
    batch = mixture_instances(trained, nodes)
    smooth_batch = without_student_table(mixture_instances(trained, coarse_nodes))
    with ThreadPoolExecutor(max_workers=2) as pool:
        smooth = pool.submit(claims_on_pairs, calibration_claims(smooth=True), smooth_batch)
        others = _mixture_outcomes(trained, batch)
        tell()
        outcomes = [a | b for a, b in zip(others, smooth.result(), strict=True)]
    tell()
    return _pairs("gaussian-mixture", designs, seeds, trained.weak, trained.strong, batch, outcomes)


def _mixture_outcomes(trained: MixturePairs, batch: Instance) -> list[dict[str, Any]]:
    """All claims but those of smooth calibration; the ones that need the student's table for linear students only."""
    claims = (*risk_claims(), *calibration_claims(smooth=False))
    known = claims_on_pairs(claims, without_student_table(batch))
    rest = tuple(c for c in claims if c.id not in known[0])
    linear = np.array([n for n, design in enumerate(trained.designs) if design.strong.hidden == 0])
    of_linear = claims_on_pairs(rest, jax.tree.map(lambda a: a[linear], batch))
    blank = {c.id: UNRESOLVED for c in rest}
    given = dict(zip(linear.tolist(), of_linear, strict=True))
    return [outcome | blank | given.get(n, {}) for n, outcome in enumerate(known)]


def _digits_pairs(seed: int, replicate: int, quick: bool, tell: Callable[[], None]) -> list[dict[str, Any]]:
    digits = load_split_digits(np.random.default_rng([seed, replicate, _SPLIT, 1]))
    designs = digits_designs(quick)
    seeds = [[seed, replicate, _DIGITS, number] for number in range(len(designs))]
    trained = train_digits_pairs(designs, [np.random.default_rng(s) for s in seeds], digits)
    tell()
    batch = digits_instances(trained)
    claims = claims_inside_domain((*risk_claims(), *calibration_claims(smooth=False)), batch)
    outcomes = claims_on_pairs(claims, batch)
    tell()
    return _pairs("digits", designs, seeds, trained.weak, trained.strong, batch, outcomes)


def _pairs(
    world: str,
    designs: Sequence[PairDesign],
    seeds: Sequence[list[int]],
    weak: Trained,
    strong: Trained,
    batch: Instance,
    outcomes: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    with jax.enable_x64(True):
        numbers = jax.tree.map(np.asarray, compiled(jax.vmap(_numbers))(batch))
    records = []
    for n, design in enumerate(designs):
        roles = (("weak", design.weak, weak), ("strong", design.strong, strong))
        records.append(
            {
                "world": world,
                "variant": design.variant,
                "seed": seeds[n],
                **{name: asdict(budget) for name, budget, _ in roles},
                **{name: column[n] for name, column in numbers.items()},
                "final_loss": {name: trained.losses[n, budget.steps] for name, budget, trained in roles},
                "loss_curve": {name: trained.losses[n, _curve_steps(budget.steps)] for name, budget, trained in roles},
                "claims": outcomes[n],
            }
        )
    return records


def _numbers(i: Instance) -> dict[str, jax.Array]:
    return {
        "disagreement": disagreement(i.weights, i.weak, i.strong),
        "reverse_disagreement": disagreement(i.weights, i.strong, i.weak),
        "weak_risk": risk(i.weights, i.truth, i.weak),
        "risk_difference": risk_difference(i.weights, i.truth, i.weak, i.strong),
    }


def _curve_steps(steps: int) -> list[int]:
    """At most `CURVE_POINTS` training steps from 0 to `steps`, evenly spaced in the logarithm."""
    return np.unique(np.round(np.geomspace(1, steps + 1, CURVE_POINTS)).astype(int) - 1).tolist()


def _worlds() -> dict[str, Any]:
    return {
        "gaussian-mixture": {
            "inputs": "x given Y is N(mean, I) for Y = 1 and N(-mean, I) for Y = 0, in two coordinates",
            "variants": [{"mean": mean, "prior": prior} for mean, prior in MIXTURES],
            "truth": "the posterior of Y given x",
            "weak": "softmax head on the first coordinate, trained on labels drawn from the truth",
            "strong": "softmax head, or tanh network with a linear part, on both coordinates",
            "evaluation": "population level, by quadrature on a nested grid",
            "common_partition": "equal first coordinates: the columns of the grid",
            "score_conditional": "known for linear students; unresolved for students with hidden units",
        },
        "digits": {
            "inputs": "scikit-learn's digits, 10 classes, in principal components",
            "truth": "the observed label, one-hot",
            "weak": "softmax head on the first principal components",
            "strong": "softmax head, or tanh network with a linear part, on all 64 components",
            "evaluation": "exact, with the finite set of 597 held-out images as the input distribution",
            "common_partition": "the weak model's predicted class and thirds of the images by its confidence",
            "score_conditional": "exact ties of scores among the held-out images, so nearly every image by itself",
        },
    }
