"""Random rational instances that meet the hypotheses of a claim, and the same instances in floats."""

from fractions import Fraction
from typing import Any

import jax
import numpy as np

from w2s_theory.exact.certificate import RULES
from w2s_theory.instance import Instance
from w2s_theory.instance_file import instance_from
from w2s_theory.student_class import Training
from w2s_theory.training.projection import dual_hull_projection, hull_projection, softmax_head_projection

Json = dict[str, Any]

BINARY = {"smooth-below-marginal", "calibration-smooth", "calibration-sharp-smooth"}


def text(values: Any) -> Any:
    """Nested lists of fractions as nested lists of strings."""
    return [text(v) for v in values] if isinstance(values, list) else str(values)


def simplex_rows(rng: np.random.Generator, inputs: int, classes: int) -> list[list[str]]:
    """Rows with entries of at least 1/20."""
    counts = rng.integers(5, 30, (inputs, classes))
    return text([[Fraction(int(c), int(row.sum())) for c in row] for row in counts])


def tables(rng: np.random.Generator, claim: str, inputs: int = 4) -> Json:
    """Tables for a claim that is not about training, with tied rows where ties matter."""
    classes = 2 if claim in BINARY else 3
    rule = RULES[claim]
    made: Json = {"weights": weights(rng, inputs), "floor": "1/20"}
    truth, weak, strong = (simplex_rows(rng, inputs, classes) for _ in range(3))
    if "calibration" in claim or "marginal" in claim:
        choice = rng.integers(0, 2, inputs)
        other = choice if "score_sufficient" in rule.assumes else rng.permutation(choice)
        truth = [truth[c] for c in choice] if "score_sufficient" in rule.assumes else truth
        weak, strong = [weak[c] for c in choice], [strong[c] for c in other]
    if claim == "three-point":
        made["generator"] = "itakura-saito"
    if claim == "generalization-squared":
        made |= {"kind": "real", "sigma2": "2/7"}
    if claim == "gain-posterior-mean":
        made["models"], strong = [simplex_rows(rng, inputs, classes) for _ in range(3)], {"mean": "dual"}
    return made | {"truth": truth, "weak": weak, "strong": strong}


def weights(rng: np.random.Generator, inputs: int) -> list[str]:
    """Positive weights that sum to one."""
    (row,) = simplex_rows(rng, 1, inputs)
    return row


def shares(values: Any) -> list[str]:
    """Rationals that sum to one, next to floats that nearly do."""
    made = [Fraction(max(float(v), 0.0)).limit_denominator(10**13) for v in values]
    return text([a / sum(made) for a in made])


def students(rng: np.random.Generator, claim: str, inputs: int = 3, models: int = 2) -> tuple[Json, Json]:
    """An instance and witnesses for a claim about training: the truth in the class, the student next to its optimum."""
    if claim.startswith("gain-squared"):
        return real_students(rng, claim, inputs)
    classes, training = 3, RULES[claim].training
    assert training is not None
    made: Json = {"weights": weights(rng, inputs), "weak": simplex_rows(rng, inputs, classes), "floor": "1/20"}
    if claim.startswith(("gain-forward-exponential", "never-worse-forward-exponential")):
        made |= {"features": text([[Fraction(int(v), 10)] for v in rng.integers(-20, 20, inputs)]), "radius": "6"}
        truth = [[str(Fraction(int(v), 10)) for v in rng.integers(-20, 20, classes)]]
        return made | {"truth": {"head": truth}, "strong": {"head": best_head(made)}}, {}
    if "reverse-exponential" in claim:
        made["weak"] = simplex_rows(rng, inputs, 2)
        made |= {"features": text([[Fraction(int(v), 10)] for v in rng.integers(-20, 20, inputs)]), "radius": "6"}
        return made | {"truth": {"head": [["1", "-1/3"]]}, "strong": {"head": [["0", "0"]]}}, {}
    made["models"] = [simplex_rows(rng, inputs, classes) for _ in range(models)]
    form = "dual_mixture" if training.family == "exponential" else "mixture"
    made["truth"] = {form: shares(rng.dirichlet(np.ones(models)))}
    best = {form: best_shares(made, training)}
    witnesses: Json = {}
    made["strong"] = best
    if claim == "gain-misspecified":
        made["truth"] = simplex_rows(rng, inputs, classes)
        target = {**made, "weak": made["truth"]}
        witnesses = {"nearest": {"mixture": best_shares(target, Training("forward", "mixture"))}}
    if claim == "gain-suboptimal":
        made["strong"], witnesses = {"mixture": shares(rng.dirichlet(np.ones(models)))}, {"best": best}
    if claim == "gain-mixture-of-r":
        made["r"] = 3
        objective = [Fraction(c, 3) for c in range(4)]
        exact = [float(Fraction(best["mixture"][0]) - c) ** 2 for c in objective]
        nearest = objective[int(np.argmin(exact))]
        made["strong"] = {"mixture": text([nearest, 1 - nearest])}
    return made, witnesses


def real_students(rng: np.random.Generator, claim: str, inputs: int) -> tuple[Json, Json]:
    """Kind real: linear functions of one feature, or the hull of two models with a truth outside it."""
    values = text([[Fraction(int(v), 7)] for v in rng.integers(-20, 20, 4 * inputs)])
    made: Json = {"kind": "real", "weights": weights(rng, inputs), "sigma2": "1/3", "weak": values[:inputs]}
    if claim == "gain-squared":
        made |= {"features": values[inputs : 2 * inputs], "truth": {"head": [["5/3"]]}, "strong": {"head": [["1"]]}}
        return made, {}
    made |= {"truth": values[inputs : 2 * inputs], "models": [values[2 * inputs : 3 * inputs], values[3 * inputs :]]}
    squared = Training("reverse", "mixture", "squared")
    made["strong"] = {"mixture": best_shares(made, squared)}
    nearest = {"mixture": best_shares({**made, "weak": made["truth"]}, squared)}
    return made, {"nearest": nearest}


def best_shares(given: Json, training: Any) -> list[str]:
    """Weights of the models next to the optimal ones, by the package's projections."""
    i = floats({**given, "truth": given["weak"], "strong": given["weak"]})
    arguments = i.weights, i.models, i.weak
    with jax.enable_x64(True):
        if training.family == "exponential" and training.loss != "squared":
            return shares(dual_hull_projection(*arguments, normalised=True).parameters)
        phi = Training(training.direction, training.family, training.loss).phi(i)
        return shares(hull_projection(*arguments, direction=training.direction, phi=phi).parameters)


def best_head(given: Json) -> list[list[str]]:
    """Parameters next to those of the forward head."""
    i = floats({**given, "truth": given["weak"], "strong": given["weak"]})
    theta = np.asarray(softmax_head_projection(i.weights, i.features, i.weak, i.radius).parameters)
    theta = theta * min(1.0, (float(i.radius) - 1e-12) / np.linalg.norm(theta))
    return [[str(Fraction(float(v)).limit_denominator(10**13)) for v in row] for row in theta]


def number(value: Any) -> Any:
    """Nested lists of rationals as nested lists of floats."""
    return [number(v) for v in value] if isinstance(value, list) else float(Fraction(value))


def table(given: Json, value: Any) -> Any:
    """A table in any of its forms, in floats."""
    if not isinstance(value, dict):
        return np.array(number(value))
    ((form, parameters),) = value.items()
    models = np.array(number(given["models"])) if "models" in given else np.zeros(0)
    match form:
        case "model":
            return models[parameters]
        case "mixture":
            return np.tensordot(np.array(number(parameters)), models, axes=1)
        case "dual_mixture" | "mean":
            if parameters == "arithmetic":
                return models.mean(axis=0)
            a = np.full(len(models), 1 / len(models)) if form == "mean" else np.array(number(parameters))
            raised = np.exp(np.tensordot(a, np.log(models), axes=1))
            return raised / raised.sum(axis=1, keepdims=True)
        case "head":
            logits = np.array(number(given["features"])) @ np.array(number(parameters))
            if given.get("kind") == "real":
                return logits
            raised = np.exp(logits)
            return raised / raised.sum(axis=1, keepdims=True)
    raise ValueError(form)


def floats(given: Json) -> Instance:
    """The package's instance at the same numbers."""
    made = {
        key: given[key] for key in ("kind", "generator", "class", "groups", "strong_groups", "n", "r") if key in given
    }
    made |= {
        key: number(given[key]) for key in ("weights", "floor", "models", "features", "radius", "delta") if key in given
    }
    made |= {role: table(given, given[role]) for role in ("truth", "weak", "strong")}
    if "sigma2" in given:
        made["sigma"] = float(Fraction(given["sigma2"])) ** 0.5
    return instance_from(made)
