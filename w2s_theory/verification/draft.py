"""From a found instance to the rational instance of a certificate: what is free in it, and what follows from that.

Free are weights, weak rows, the class, and the truth's and a free student's place in it; they can be rounded and
removed.  An optimal student, and whatever else a certificate needs to enclose a side, is computed from them.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import nnls
from scipy.special import rel_entr

from w2s_theory.claim import Claim
from w2s_theory.instance import Instance
from w2s_theory.student_class import Training
from w2s_theory.verification import fine_student
from w2s_theory.worlds.students import Students
from w2s_theory.worlds.world import World

AXES = {
    "weights": "m",
    "weak": "mk",
    "truth": "mk",
    "strong": "mk",
    "models": "jmk",
    "features": "mp",
    "groups": "m",
    "strong_groups": "m",
    "mixture": "j",
    "dual_mixture": "j",
    "head": "pk",
}
"""Fields and ways to write a table, by the axes of their arrays: inputs m, classes k, models j, features p."""

_MOST_SAMPLES = 1_000
_ROWS_SUM_TO_ONE = ("weights", "weak", "truth", "strong", "models", "mixture", "dual_mixture")
_FINE = 10**12


def _fraction(value: Any) -> Fraction:
    return Fraction(float(value))


def _nested(function: Callable[[Any], Any], value: Any) -> Any:
    """`function` on the innermost lists' entries."""
    return [_nested(function, v) for v in value] if isinstance(value, list) else function(value)


def _innermost(function: Callable[[list], list], value: list) -> list:
    """`function` on every innermost list."""
    return [_innermost(function, v) for v in value] if isinstance(value[0], list) else function(value)


def rounded_shares(shares: Sequence[Fraction], parts: int, keep_positive: bool) -> list[Fraction]:
    """Non-negative multiples of 1/parts that sum to one, near `shares`; what is left over goes to the largest.

    `keep_positive`: no positive share becomes zero; `ValueError` if there are more of them than parts.
    """
    total = sum(shares)
    least = [int(keep_positive and share > 0) for share in shares]
    counts = [max(low, round(share / total * parts)) for low, share in zip(least, shares, strict=True)]
    largest = max(range(len(counts)), key=counts.__getitem__)
    counts[largest] += parts - sum(counts)
    if counts[largest] < least[largest]:
        raise ValueError(f"{len(shares)} shares cannot be kept positive with {parts} parts")
    return [Fraction(count, parts) for count in counts]


@dataclass(frozen=True)
class Draft:
    """A certificate's instance in the making; `free` holds its free fields with fractions in nested lists.

    `student` says where the student comes from: `given` (it is one of the free fields), `optimum` (computed), `few`
    (the best equal-weight mixture of r), or `samples` (a student for every sample of n inputs).
    """

    claim: Claim
    dropped: str | None
    training: Training | None
    student: str
    free: Mapping[str, Any]

    @property
    def is_list(self) -> bool:
        """Whether the class is a finite list."""
        return self.free.get("class") == "list"

    def sizes(self) -> dict[str, int]:
        """How many inputs, classes, models and features there are."""
        models, features = self.free.get("models"), self.free.get("features")
        return {
            "m": len(self.free["weights"]),
            "k": len(self.free["weak"][0]),
            "j": len(models) if models else 0,
            "p": len(features[0]) if features else 0,
        }

    def _mapped(self, change: Callable[[str, list], list], fields: Sequence[str] | None = None) -> "Draft":
        """`change(name, array)` on every free array, or on those of the fields named."""

        def one(field: str, value: Any) -> Any:
            if fields is not None and field not in fields:
                return value
            if isinstance(value, dict):
                return {form: change(form, v) if form in AXES else v for form, v in value.items()}
            return change(field, value) if field in AXES else value

        return replace(self, free={field: one(field, value) for field, value in self.free.items()})

    def without(self, axis: str, index: int) -> "Draft":
        """The draft less one input, class, model or feature; what remains of shares is divided by its sum."""

        def cut(name: str, value: list) -> list:
            axes = AXES[name]
            if axis not in axes:
                return value
            made = np.delete(np.array(value, dtype=object), index, axis=axes.index(axis)).tolist()
            shares = name in _ROWS_SUM_TO_ONE and self.free["kind"] == "simplex" and axes[-1] == axis
            return _innermost(_as_shares, made) if shares or name in ("weights", "mixture", "dual_mixture") else made

        made = self._mapped(cut)
        truth = made.free["truth"]
        if axis == "j" and isinstance(truth, dict) and "model" in truth and truth["model"] >= index:
            shifted = {"model": max(truth["model"] - 1, 0)}
            made = replace(made, free={**made.free, "truth": shifted})
        return made

    def rounded(self, parts: int, *, keep_positive: bool, fields: Sequence[str] | None = None) -> "Draft":
        """All free numbers, or those of the fields named, as multiples of 1/parts."""

        def nearest(value: Fraction) -> Fraction:
            return Fraction(round(value * parts), parts)

        def change(name: str, value: list) -> list:
            if AXES[name] == "m" and name != "weights":
                return value
            shares = name in _ROWS_SUM_TO_ONE and (self.free["kind"] == "simplex" or AXES[name] in ("m", "j"))
            if not shares:
                return _nested(nearest, value)
            return _innermost(lambda row: rounded_shares(row, parts, keep_positive), value)

        made = self._mapped(change, fields)
        numbers = {f: nearest(made.free[f]) or made.free[f] for f in ("floor", "delta") if f in made.free}
        return replace(made, free={**made.free, **numbers}) if fields is None else made

    def completed(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Instance and witnesses of the certificate, numbers as fractions: with the student and the floor.

        `ArithmeticError` if zeros among the numbers leave the student undefined, or there are too many samples.
        """
        instance, witnesses = dict(self.free), {}
        weights, weak, models = instance["weights"], instance["weak"], instance.get("models") or []
        if self.student == "optimum":
            instance["strong"] = self._optimum(weights)
        elif self.student == "few":
            instance["strong"] = {"mixture": self._best_of_few()}
        elif "r" in instance:
            shares = rounded_shares(instance["strong"]["mixture"], instance["r"], False)
            instance["strong"] = {"mixture": shares}
        elif self.student == "samples":
            witnesses["samples"] = self._samples()
        if self.claim.id == "gain-suboptimal" and not self.is_list:
            witnesses["best"] = self._optimum(weights)
        if self.is_list:
            witnesses.pop("samples", None)
        if self.claim.id in ("gain-misspecified", "gain-squared-misspecified") and not self.is_list:
            loss = "forward" if self.claim.id == "gain-misspecified" else "squared"
            witnesses["nearest"] = {
                "mixture": fine_student.hull_weights(weights, models, self._rows(instance["truth"]), loss)
            }
        if "floor" in (h.name for h in self.claim.assumes) and self.dropped != "floor":
            tables = [weak, *([instance["strong"]] if isinstance(instance["strong"], list) else []), *models]
            instance["floor"] = min(entry for table in tables for row in table for entry in row)
        return instance, witnesses

    def instance_file(self) -> dict[str, Any]:
        """The completed draft with the keys of an instance file: floats, every table by its rows."""
        fields, _ = self.completed()
        made = {key: _nested(float, v) if isinstance(v, list) else v for key, v in fields.items()}
        made |= {key: float(fields[key]) for key in ("radius", "delta", "floor") if key in fields}
        for key in ("groups", "strong_groups"):
            if key in fields:
                made[key] = fields[key]
        if "sigma2" in made:
            made["sigma"] = float(made.pop("sigma2")) ** 0.5
        for key in ("truth", "strong"):
            made[key] = _float_rows(fields[key], made)
        return made

    def _rows(self, table: Any) -> list[list[Fraction]]:
        """Rows of a table that is rational: rows as given, or a mixture of models."""
        if isinstance(table, list):
            return table
        models = self.free["models"]
        if "model" in table:
            return models[table["model"]]
        mixed = np.tensordot(np.array(table["mixture"], dtype=object), np.array(models, dtype=object), axes=1)
        return mixed.tolist()

    def _optimum(self, weights: list[Fraction]) -> dict[str, Any]:
        """The student of the claim's training on these weights, in the form of its class."""
        free, training = self.free, self.training
        assert training is not None
        weak = free["weak"]
        named = free.get("generator", "kl") if training.loss == "bregman" else training.loss
        loss = str(training.direction) if named == "kl" else str(named)
        if self.is_list:
            return {"model": self._best_model(training)}
        if free.get("features"):
            if training.direction == "forward":
                return {"head": fine_student.head_parameters(weights, free["features"], weak, free["radius"])}
            feature = [row[0] for row in free["features"]]
            return {"head": fine_student.reverse_head_hint(weights, feature, weak, float(free["radius"]))}
        if training.family == "exponential":
            return {"dual_mixture": fine_student.dual_hull_weights(weights, free["models"], weak)}
        return {"mixture": fine_student.hull_weights(weights, free["models"], weak, loss)}

    def _best_model(self, training: Training) -> int:
        made = floats(self.free)
        phi = training.phi(made)
        pairs = [(made.weak, f) if training.direction == "forward" else (f, made.weak) for f in np.asarray(made.models)]
        return int(np.argmin([float(np.sum(made.weights[:, None] * np.asarray(phi.term(*pair)))) for pair in pairs]))

    def _best_of_few(self) -> list[Fraction]:
        members, models = self.free["r"], np.array(self.free["models"], dtype=float)
        weights, weak = (np.array(self.free[name], dtype=float) for name in ("weights", "weak"))
        choices = [
            tuple(chosen.count(j) for j in range(len(models)))
            for chosen in itertools.combinations_with_replacement(range(len(models)), members)
        ]
        tables = np.tensordot(np.array(choices) / members, models, axes=1)
        if not (weak > 0).all():
            raise ArithmeticError("the disagreement with a zero of the weak model is infinite")
        best = choices[int(np.argmin(np.einsum("m,rmk->r", weights, rel_entr(tables, weak))))]
        return [Fraction(count, members) for count in best]

    def _samples(self) -> dict[str, Any]:
        """The student of every sample of n inputs, by how often each input was drawn."""
        inputs, n = len(self.free["weights"]), self.free["n"]
        if math.comb(n + inputs - 1, n) > _MOST_SAMPLES:
            raise ArithmeticError("there are too many samples to enumerate")
        made = {}
        for bars in itertools.combinations(range(n + inputs - 1), inputs - 1):
            ends = [-1, *bars, n + inputs - 1]
            counts = [b - a - 1 for a, b in itertools.pairwise(ends)]
            made[",".join(map(str, counts))] = self._optimum([Fraction(count, n) for count in counts])
        return made


def _float_rows(table: Any, fields: Mapping[str, Any]) -> list[list[float]]:
    """Rows of a table however it is written, from fields of floats."""
    if isinstance(table, list):
        return _nested(float, table)
    ((form, value),) = table.items()
    if form == "model":
        return fields["models"][value]
    value = np.array(value, dtype=float)
    if form == "mixture":
        return np.tensordot(value, np.array(fields["models"]), axes=1).tolist()
    if form == "head":
        logits = np.array(fields["features"]) @ value
    else:
        logits = np.tensordot(value, np.log(np.array(fields["models"])), axes=1)
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (raised / raised.sum(axis=-1, keepdims=True)).tolist()


def _as_shares(values: list[Fraction]) -> list[Fraction]:
    total = sum(values)
    return [value / total for value in values] if total > 0 else [Fraction(1, len(values))] * len(values)


def floats(fields: Mapping[str, Any]) -> Instance:
    """The free fields as an instance of floats, where truth and student do not matter."""
    weak = np.array(fields["weak"], dtype=float)
    return Instance(
        np.array(fields["weights"], dtype=float),
        weak,
        weak,
        weak,
        np.asarray(0.0),
        models=np.array(fields["models"], dtype=float) if fields.get("models") else None,
        kind=fields["kind"],
        generator=fields.get("generator", "kl"),
    )


def draft_of(claim: Claim, dropped: str | None, instance: Instance, world: World) -> Draft:
    """The draft of an instance found in `world`; `claim` is the whole claim, of which `dropped` is not assumed."""
    training = world.training if isinstance(world, Students) else None
    assumed = {hypothesis.name for hypothesis in claim.assumes} - {dropped}
    i = instance
    free: dict[str, Any] = {"kind": i.kind}
    for name in ("weights", "weak", "models", "features"):
        if getattr(i, name) is not None:
            free[name] = _nested(_fraction, np.asarray(getattr(i, name)).tolist())
    for name in ("groups", "strong_groups"):
        if getattr(i, name) is not None:
            free[name] = np.asarray(getattr(i, name)).tolist()
    for name, value in (("radius", i.radius), ("delta", i.delta), ("floor", i.floor if dropped == "floor" else None)):
        if value is not None:
            free[name] = _fraction(value)
    if i.sigma is not None:
        free["sigma2"] = _fraction(float(i.sigma) ** 2)
    free |= {name: value for name, value in (("n", i.sample_size), ("r", i.members)) if value is not None}
    if not i.convex:
        free["class"] = "list"
    if i.generator != "kl":
        free["generator"] = i.generator

    def rows(table: Any) -> list[list[Fraction]]:
        return _nested(_fraction, np.asarray(table).tolist())

    free["truth"] = _member(i, training, i.truth) if training and "realizable" in assumed else rows(i.truth)
    student = "given"
    if claim.id == "gain-finite-sample":
        student, free["strong"] = "samples", _member(i, training, i.strong) if training else rows(i.strong)
    elif training and "optimal" in assumed:
        student = "few" if i.members is not None else "optimum"
    else:
        free["strong"] = _member(i, training, i.strong) if training else rows(i.strong)
    return Draft(claim, dropped, training, student, free).rounded(_FINE, keep_positive=True)


def _member(i: Instance, training: Training, table: Any) -> dict[str, Any]:
    """A table of the class by its parameters, recovered by least squares."""
    table = np.asarray(table)
    root = np.sqrt(np.asarray(i.weights))[:, None]
    if not i.convex:
        return {"model": int(np.argmin([np.sum(root**2 * np.abs(table - f)) for f in np.asarray(i.models)]))}

    def logs(rows: np.ndarray) -> np.ndarray:
        made = np.log(rows)
        return made - made.mean(axis=-1, keepdims=True)

    if i.features is not None:
        theta = np.linalg.lstsq(np.asarray(i.features), logs(table), rcond=1e-10)[0]
        return {"head": _nested(_fraction, theta.tolist())}
    family = "dual_mixture" if training.dual(i) else "mixture"
    seen = logs if family == "dual_mixture" else (lambda rows: rows)
    columns = np.stack([(root * seen(np.asarray(f))).ravel() for f in np.asarray(i.models)], axis=1)
    heavy = 1e3 * np.ones((1, columns.shape[1]))
    share = nnls(np.vstack([columns, heavy]), np.append((root * seen(table)).ravel(), 1e3))[0]
    return {family: rounded_shares([_fraction(v) for v in share], _FINE, False)}
