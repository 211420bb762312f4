"""A rational instance, read from the JSON of a certificate with every sum checked exactly."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NoReturn

from flint import arb, fmpq

from w2s_theory.exact.balls import GENERATORS, Rows, balls, total
from w2s_theory.exact.rationals import CertificateError, rational, shown

KINDS = ("simplex", "positive", "density", "real")
LARGEST = 64
"""Largest number of inputs, classes, models and features."""
_LARGEST_COUNT = 10**9
_KEYS = {
    *("kind", "weights", "truth", "weak", "strong", "floor", "models", "class", "features", "radius"),
    *("groups", "strong_groups", "generator", "sigma2", "n", "delta", "r"),
}
WITNESSES = {"best", "nearest", "samples"}
"""All keys that witnesses may have; each claim uses at most one."""

_MEANS = ("dual", "arithmetic")
_COUNTS = re.compile(r"\d{1,9}(,\d{1,9})*", re.ASCII)

Exact = list[list[fmpq]]


@dataclass(frozen=True)
class Table:
    """A table of outputs (m, k) in balls, in rationals if it is rational, and how it was written.

    `shares` are mixture weights of the models, `dual_shares` weights in their dual coordinates (a single model has
    both, and its number in `model`), `head` the parameters θ (p, k), `mean` which mean of the models it is.
    """

    balls: Rows
    exact: Exact | None = None
    shares: list[fmpq] | None = None
    dual_shares: list[fmpq] | None = None
    model: int | None = None
    head: Exact | None = None
    mean: str | None = None


@dataclass(frozen=True)
class Instance:
    """The instance at its inputs of positive weight: all that both sides of a claim depend on.

    `inputs` counts all inputs and `kept` lists those kept; `probabilities` are the weights in balls.  `floor`,
    `sigma2` and `delta` are rationals, `groups` and `strong_groups` labels, `convex` is False for a list of models.
    `best`, `nearest` and `samples` (by the counts of all inputs) are the witnesses.
    """

    kind: str
    generator: str
    convex: bool
    inputs: int
    kept: list[int]
    weights: list[fmpq]
    probabilities: list[arb]
    truth: Table
    weak: Table
    strong: Table
    models: list[Table] | None
    features: Exact | None
    radius: fmpq | None
    floor: fmpq | None
    groups: list[int | str] | None
    strong_groups: list[int | str] | None
    sigma2: fmpq
    n: int | None
    delta: fmpq | None
    r: int | None
    best: Table | None = None
    nearest: Table | None = None
    samples: Mapping[tuple[int, ...], Table] = dataclass_field(default_factory=dict)

    @property
    def classes(self) -> int:
        """Number of classes k."""
        return len(self.truth.balls[0])

    def rational(self, role: str) -> Exact:
        """The table of a role in rationals; `CertificateError` if it is not rational."""
        table = getattr(self, role).exact
        if table is None:
            fail(role, "the claim compares its entries exactly, so it has to be rational")
        return table

    def mixture(self, shares: Sequence[fmpq | arb]) -> Rows:
        """Σ_j a_j models_j in balls."""
        assert self.models is not None
        return [
            [total(a * value for a, value in zip(shares, column, strict=True)) for column in zip(*rows, strict=True)]
            for rows in zip(*(model.balls for model in self.models), strict=True)
        ]


def fail(field: str, what: str) -> NoReturn:
    """Raise `CertificateError` about a field of the instance."""
    raise CertificateError(f"field {field}: {what}")


def known_keys(given: object, known: set[str], where: str) -> Mapping[str, Any]:
    """The mapping itself; `CertificateError` if it is no mapping or has a key that is not known."""
    if not isinstance(given, Mapping):
        raise CertificateError(f"{where}: {shown(given)} is not a JSON object")
    for key in given:
        if key not in known:
            raise CertificateError(f"{where}: unknown key {shown(key)}")
    return given


def read_instance(given: object, witnesses: object) -> Instance:
    """The instance with its witnesses; `CertificateError`, a sentence naming the field, for anything else.

    Weights are non-negative and sum to one exactly; rows of kind simplex likewise; kinds positive and density have
    positive entries, kind density columns of mean one; at most `LARGEST` inputs, classes, models and features.
    """
    data = known_keys(given, _KEYS, "instance")
    beside = known_keys(witnesses, WITNESSES, "witnesses")
    for key in ("weights", "truth", "weak", "strong"):
        if key not in data:
            fail(key, "the key is missing")
    kind = _one_of(data.get("kind", "simplex"), "kind", KINDS)
    weights = [_not_negative(rational(w, "weights"), "weights") for w in _entries(data["weights"], "weights")]
    if sum(weights, fmpq(0)) != 1:
        fail("weights", f"they sum to {sum(weights, fmpq(0))}, not 1")
    reader = _Reader(kind, weights, _one_of(data.get("generator", "kl"), "generator", tuple(GENERATORS)))
    weak = reader.table(data["weak"], "weak")
    if weak.exact is None or weak.shares is not None:
        fail("weak", "has to be given by its rows")
    reader.classes = len(weak.exact[0])
    if data.get("models") is not None:
        given_models = _entries(data["models"], "models")
        reader.models = [reader.table(rows, f"models[{j}]") for j, rows in enumerate(given_models)]
    if data.get("features") is not None:
        reader.features = reader.rows(data["features"], "features")
    if data.get("radius") is not None:
        reader.radius = rational(data["radius"], "radius")
        if reader.radius <= 0:
            fail("radius", "is not positive")
    made = Instance(
        kind=kind,
        generator=reader.generator,
        convex=_one_of(data.get("class", "hull"), "class", ("hull", "list")) == "hull",
        inputs=len(weights),
        kept=reader.kept,
        weights=[w for w in weights if w > 0],
        probabilities=[arb(w) for w in weights if w > 0],
        truth=reader.table(data["truth"], "truth"),
        weak=weak,
        strong=reader.table(data["strong"], "strong"),
        models=reader.models,
        features=reader.features,
        radius=reader.radius,
        floor=_between(data, "floor", fmpq(1, reader.classes)),
        groups=reader.labels(data.get("groups"), "groups"),
        strong_groups=reader.labels(data.get("strong_groups"), "strong_groups"),
        sigma2=_between(data, "sigma2", None) or fmpq(1, 2),
        n=_count(data, "n"),
        delta=_between(data, "delta", fmpq(1)),
        r=_count(data, "r"),
        best=reader.table(beside["best"], "witness best") if "best" in beside else None,
        nearest=reader.table(beside["nearest"], "witness nearest") if "nearest" in beside else None,
        samples=reader.samples(beside.get("samples", {})),
    )
    if made.delta == 1:
        fail("delta", "is not below 1")
    return made


class _Reader:
    """Reads tables in the forms of the format; what it knows of the instance grows as keys are read."""

    def __init__(self, kind: str, weights: list[fmpq], generator: str):
        self.kind, self.weights, self.generator = kind, weights, generator
        self.kept = [x for x, w in enumerate(weights) if w > 0]
        self.classes: int | None = None
        self.models: list[Table] | None = None
        self.features: Exact | None = None
        self.radius: fmpq | None = None

    def rows(self, value: object, field: str) -> Exact:
        """Rows of rationals at the inputs kept, one row an input."""
        rows = [_entries(row, field) for row in _entries(value, field)]
        if len(rows) != len(self.weights):
            fail(field, f"has {len(rows)} rows where weights has {len(self.weights)} entries")
        if any(len(row) != len(rows[0]) for row in rows):
            fail(field, "has rows of different lengths")
        made = [[rational(v, f"{field}, row {x}") for v in row] for x, row in enumerate(rows)]
        if field != "features":
            self._check(made, field)
        return [made[x] for x in self.kept]

    def _check(self, rows: Exact, field: str) -> None:
        if self.classes is not None and len(rows[0]) != self.classes:
            fail(field, f"has {len(rows[0])} columns where weak has {self.classes}")
        if self.kind == "simplex" and len(rows[0]) < 2:
            fail(field, "has one column where kind simplex needs at least two classes")
        for x, row in enumerate(rows):
            if self.kind == "simplex":
                for value in row:
                    _not_negative(value, f"{field}, row {x}")
                if sum(row, fmpq(0)) != 1:
                    fail(f"{field}, row {x}", f"the entries sum to {sum(row, fmpq(0))}, not 1")
            elif self.kind != "real" and min(row) <= 0:
                fail(f"{field}, row {x}", f"an entry is not positive, as kind {self.kind} needs")
        if self.kind == "density":
            for column in zip(*rows, strict=True):
                if sum((w * v for w, v in zip(self.weights, column, strict=True)), fmpq(0)) != 1:
                    fail(field, "a column has not mean 1, as kind density needs")

    def table(self, value: object, field: str) -> Table:
        """A table in any of its forms."""
        if not isinstance(value, Mapping):
            rows = self.rows(value, field)
            return Table(balls(rows), rows)
        if len(value) != 1:
            fail(field, "is not rows and not one of mixture, dual_mixture, head, model and mean")
        ((form, given),) = value.items()
        match form:
            case "mixture":
                shares = self._shares(given, field)
                return self._mixture(shares)
            case "dual_mixture":
                shares = self._shares(given, field)
                return Table(self._dual(shares, field), dual_shares=shares)
            case "model":
                return self._model(given, field)
            case "head":
                return self._head(given, field)
            case "mean":
                mean, shares = _one_of(given, field, _MEANS), equal_shares(self._models(field))
                if mean == "dual":
                    return Table(self._dual(shares, field), mean=mean)
                return Table(self._mixture(shares).balls, self._mixture(shares).exact, mean=mean)
        fail(field, f"unknown form {shown(form)}")

    def _models(self, field: str) -> list[Table]:
        if self.models is None:
            fail(field, "refers to models, and there are none")
        return self.models

    def _mixture(self, shares: list[fmpq]) -> Table:
        assert self.models is not None
        rows = [
            [sum((a * v for a, v in zip(shares, column, strict=True)), fmpq(0)) for column in zip(*each, strict=True)]
            for each in zip(*(model.exact or [] for model in self.models), strict=True)
        ]
        return Table(balls(rows), rows, shares=shares)

    def _shares(self, given: object, field: str) -> list[fmpq]:
        shares = [_not_negative(rational(a, field), field) for a in _entries(given, field)]
        if len(shares) != len(self._models(field)):
            fail(field, f"has {len(shares)} weights for {len(self._models(field))} models")
        if sum(shares, fmpq(0)) != 1:
            fail(field, f"the weights of the models sum to {sum(shares, fmpq(0))}, not 1")
        return shares

    def _model(self, given: object, field: str) -> Table:
        models = self._models(field)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < len(models):
            fail(field, f"{shown(given)} is not the number of a model, counted from 0")
        unit = [fmpq(int(j == given)) for j in range(len(models))]
        return Table(models[given].balls, models[given].exact, shares=unit, dual_shares=unit, model=given)

    def _dual(self, shares: list[fmpq], field: str) -> Rows:
        return dual_mixture(self._models(field), shares, self.kind, self.generator, field)

    def samples(self, given: object) -> dict[tuple[int, ...], Table]:
        """Tables by the counts of all inputs, from keys "c_1,...,c_m"."""
        if not isinstance(given, Mapping):
            fail("witness samples", "is not an object from counts to mixtures")
        made = {}
        for key, value in given.items():
            if not isinstance(key, str) or not _COUNTS.fullmatch(key) or key.count(",") != len(self.weights) - 1:
                fail("witness samples", f"the key {shown(key)} is not the counts of {len(self.weights)} inputs")
            made[tuple(map(int, key.split(",")))] = self.table(value, f"witness samples {key}")
        return made

    def _head(self, given: object, field: str) -> Table:
        """Softmax(features θ) with ‖θ‖ at most the radius; for kind real, features θ itself."""
        if self.features is None or self.kind not in ("simplex", "real"):
            fail(field, "a head needs features, and kind simplex or real")
        theta = [[rational(v, field) for v in _entries(row, field)] for row in _entries(given, field)]
        if len(theta) != len(self.features[0]) or any(len(row) != self.classes for row in theta):
            fail(field, f"a head has {len(self.features[0])} rows of {self.classes} parameters")
        rows = [
            [sum((h * row[i] for h, row in zip(inputs, theta, strict=True)), fmpq(0)) for i in range(len(theta[0]))]
            for inputs in self.features
        ]
        if self.kind == "real":
            return Table(balls(rows), rows, head=theta)
        if self.radius is None:
            fail(field, "a head needs a radius")
        if sum((v * v for row in theta for v in row), fmpq(0)) > self.radius * self.radius:
            fail(field, "the parameters lie outside the radius")
        return Table([softmax(row) for row in balls(rows)], head=theta)

    def labels(self, given: object, field: str) -> list[int | str] | None:
        """Group labels at the inputs kept."""
        if given is None:
            return None
        labels = _entries(given, field)
        if len(labels) != len(self.weights):
            fail(field, f"has {len(labels)} entries where weights has {len(self.weights)}")
        for label in labels:
            if isinstance(label, bool) or not isinstance(label, int | str):
                fail(field, f"{shown(label)} is not an integer or a string")
        return [labels[x] for x in self.kept]


def equal_shares(models: Sequence[Table]) -> list[fmpq]:
    """1/M for each of M models."""
    return [fmpq(1, len(models))] * len(models)


def dual_mixture(models: Sequence[Table], shares: Sequence[fmpq], kind: str, generator: str, field: str) -> Rows:
    """∇φ of the table is the mean of the models' ∇φ; on the simplex φ is that of KL, and rows are normalised."""
    if kind not in ("simplex", "positive") or (kind == "simplex" and generator == "itakura-saito"):
        fail(field, f"a dual mixture is not available for kind {kind} and generator {generator}")
    phi = GENERATORS["kl" if kind == "simplex" else generator]

    def mixed(column: Sequence[arb]) -> arb:
        return total(a * phi.slope(value) for a, value in zip(shares, column, strict=True) if a != 0)

    rows = zip(*(model.balls for model in models), strict=True)
    coordinates = [[mixed(column) for column in zip(*row, strict=True)] for row in rows]
    return [softmax(row) if kind == "simplex" else [phi.from_slope(u) for u in row] for row in coordinates]


def softmax(logits: Sequence[arb]) -> list[arb]:
    """1 / Σ_j exp(z_j - z_i), each class from the differences alone."""
    return [1 / total((other - own).exp() for other in logits) for own in logits]


def _entries(value: object, field: str) -> list[Any]:
    if not isinstance(value, list | tuple) or not value:
        fail(field, f"{shown(value)} is not a list with entries")
    if len(value) > LARGEST:
        fail(field, f"has {len(value)} entries, more than the {LARGEST} that are allowed")
    return list(value)


def _not_negative(value: fmpq, field: str) -> fmpq:
    if value < 0:
        fail(field, f"{shown(str(value))} is negative")
    return value


def _one_of(value: object, field: str, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        fail(field, f"{shown(value)} is not one of {', '.join(known)}")
    return value


def _between(data: Mapping[str, Any], field: str, most: fmpq | None) -> fmpq | None:
    """A positive rational, at most `most`, or None if the key is absent."""
    if data.get(field) is None:
        return None
    value = rational(data[field], field)
    if value <= 0 or (most is not None and value > most):
        fail(field, f"{shown(str(value))} is not positive" + (f" and at most {most}" if most is not None else ""))
    return value


def _count(data: Mapping[str, Any], field: str) -> int | None:
    value = data.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LARGEST_COUNT:
        fail(field, f"{shown(value)} is not a positive integer of at most {_LARGEST_COUNT}")
    return value
