"""Calibration errors of predictions beside labels: top-label and class-wise, bins of equal width and mass, exact ties.

Bins are (lo, hi], the first one closed, fifteen of them; errors are L1, accumulated in float64.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import calibration_peers as peers
from benchmarks.apart import Work
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.limits import Least
from benchmarks.targets import Target, lead
from benchmarks.task import Task
from w2s_theory import (
    binned_calibration_error,
    expected_calibration_error,
    full_row_calibration_error,
    marginal_calibration_error,
)
from w2s_theory.auditing.binned_sums import BinnedSums
from w2s_theory.auditing.point_statistics import likeliest
from w2s_theory.auditing.predictions import laid_out, tiles

SIZES = ((1_000_000, 2), (1_000_000, 10), (100_000, 100))
TIED = (200_000, 10, 1_000)
"""Rows, classes and distinct rows of the tables with ties."""

TOP, EACH, MASS, TIES = "top-label, equal width", "class-wise, equal width", "top-label, equal mass", "exact ties"
LIBRARY, BARE = "library", "written out"


class Labelled(NamedTuple):
    """Predictions (n, k) and labels (n,)."""

    table: np.ndarray
    labels: np.ndarray

    @property
    def least(self) -> Least:
        """One read of the predictions and the labels."""
        return Least(read=float(self.table.nbytes + self.labels.nbytes))


def draw(n: int, k: int) -> Labelled:
    """Rows uniform on the simplex, labels that the rows predict half of the time."""
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.ones(k), n)
    likely = (table.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    labels = np.where(rng.random(n) < 0.5, np.minimum(likely, k - 1), rng.integers(0, k, n))
    return Labelled(table, labels)


def functional(given: Labelled, notion: str, scheme: str, jax_arrays: bool = True) -> Work:
    """`binned_calibration_error`, of JAX arrays that are ready, or of NumPy arrays."""
    how: Any = {"notion": notion, "scheme": scheme}
    with jax.enable_x64(True):
        table, labels = map(jnp.asarray, given) if jax_arrays else given
    return lambda: binned_calibration_error(table, labels, **how)


def audited(given: Labelled, notion: str) -> Work:
    """What an audit sums up, with all that its intervals need."""
    table, labels = given

    def top() -> float:
        sums = BinnedSums()
        for rows in tiles(table):
            best, score = likeliest(laid_out(table[rows]))
            sums.add(score, (best == labels[rows]).astype(float))
        return sums.plug_in

    def each() -> float:
        sums = BinnedSums(table.shape[1])
        sums.add_table(table, labels, None)
        return sums.plug_in

    return top if notion == "top-label" else each


def ours(given: Labelled, notion: str, scheme: str = "equal-width") -> tuple[Contestant, ...]:
    """This package's ways."""
    made = tuple(
        Contestant(
            f"binned_calibration_error, {kind} arrays", partial(functional, given, notion, scheme, kind == "JAX"), OURS
        )
        for kind in ("JAX", "NumPy")
    )
    if scheme == "equal-mass":
        return made
    return (*made, Contestant("sums of an audit, NumPy arrays", partial(audited, given, notion), OURS))


def library(name: str, prepare: Callable[..., Work], *given: Any, known_inaccurate: bool = False) -> Contestant:
    """A library's way."""
    return Contestant(name, partial(prepare, *given), LIBRARY, known_inaccurate)


def bare(name: str, prepare: Callable[..., Work], *given: Any) -> Contestant:
    """The same written out for this one purpose."""
    return Contestant(name, partial(prepare, *given), BARE, compiles=True)


def top_case(n: int, k: int) -> Case:
    """The largest entry and whether it is right, 15 bins of equal width."""
    given = draw(n, k)
    contestants = (
        *ours(given, "top-label"),
        bare("numba, one pass", peers.numba_top, *given),
        bare("jax.jit, segment_sum", peers.jax_top, *given),
        bare("NumPy bincount", peers.numpy_top, *given),
        library("torchmetrics (sums in float32)", peers.torchmetrics_top, *given, known_inaccurate=True),
        library("relplot binnedECE", peers.relplot_binned, *given),
        library("scikit-learn calibration_curve", peers.sklearn_top, *given),
        library("netcal ECE", peers.netcal_top, *given),
        library("uncertainty-calibration", peers.uncertainty_top, *given),
        library("relplot smECE (not binned)", peers.relplot_smooth, *given, known_inaccurate=True),
    )
    return Case(f"{TOP}, n = {n:,}, k = {k}", contestants, TOP, 1e-5, least=given.least)


def each_case(n: int, k: int) -> Case:
    """All classes one by one, 15 bins of equal width."""
    given = draw(n, k)
    contestants = (
        *ours(given, "class-wise"),
        bare("NumPy bincount", peers.numpy_each, *given),
        library("torchmetrics, a class at a time", peers.torchmetrics_each, *given),
        library("scikit-learn, a class at a time", peers.sklearn_each, *given),
        library("netcal, a class at a time", peers.netcal_each, *given),
        library("uncertainty-calibration", peers.uncertainty_each, *given),
    )
    return Case(f"{EACH}, n = {n:,}, k = {k}", contestants, EACH, 1e-5, least=given.least)


def mass_case(n: int, k: int) -> Case:
    """The largest entry and whether it is right, 15 bins of equal mass, whose edges conventions move by a point."""
    given = draw(n, k)
    contestants = (
        *ours(given, "top-label", "equal-mass"),
        bare("NumPy, one sort", peers.numpy_mass, *given),
        library("scikit-learn calibration_curve", peers.sklearn_mass, *given),
        library("uncertainty-calibration", peers.uncertainty_mass, *given),
    )
    return Case(f"{MASS}, n = {n:,}, k = {k}", contestants, MASS, 5e-3, least=given.least)


class Tied(NamedTuple):
    """Weights (n,), the truth (n, k) and a model (n, k) with few distinct rows."""

    weights: np.ndarray
    truth: np.ndarray
    model: np.ndarray


def draw_tied(n: int, k: int, distinct: int) -> Tied:
    """A model that takes `distinct` rows, in random order."""
    rng = np.random.default_rng(0)
    model = rng.dirichlet(np.ones(k), distinct)[rng.integers(0, distinct, n)]
    truth = 0.5 * model + 0.5 * rng.dirichlet(np.ones(k), n)
    return Tied(np.full(n, 1.0 / n), truth, model)


def tied_cases(n: int, k: int, distinct: int) -> Iterator[Case]:
    """Errors that condition on equal rows, equal scores of a class, and equal scores of the likeliest class."""
    given = draw_tied(n, k, distinct)
    least = Least(read=float(given.truth.nbytes + given.model.nbytes))

    def functional(error: Callable[..., jax.Array]) -> Work:
        with jax.enable_x64(True):
            arrays = tuple(map(jnp.asarray, given))
        return lambda: error(*arrays)

    about = f"n = {n:,}, k = {k}, {distinct:,} distinct rows"
    rows = (
        Contestant("full_row_calibration_error", lambda: functional(full_row_calibration_error), OURS),
        bare("hashed rows", peers.hashed_rows, *given),
        library("numpy.unique of rows", peers.unique_rows, *given),
        library("pandas groupby", peers.pandas_rows, *given),
    )
    yield Case(f"equal rows, {about}", rows, TIES, 1e-9, least=least)
    scores = (
        Contestant("marginal_calibration_error", lambda: functional(marginal_calibration_error), OURS),
        library("numpy.unique, a class at a time", peers.unique_scores, *given),
    )
    yield Case(f"equal scores of each class, {about}", scores, TIES, 1e-9, least=least)
    top = (
        Contestant("expected_calibration_error", lambda: functional(expected_calibration_error), OURS),
        library("numpy.unique", peers.unique_top, *given),
    )
    yield Case(f"equal scores of the likeliest class, {about}", top, TIES, 1e-9, least=least)


def cases(quick: bool) -> Iterator[Case]:
    """All cases."""
    sizes = ((600, 2), (600, 5)) if quick else SIZES
    for case in (top_case, each_case, mass_case):
        for size in sizes:
            yield case(*size)
    yield from tied_cases(*((500, 3, 20) if quick else TIED))


WHY = {
    TOP: "the likeliest of 100 classes costs one read of the table, whoever finds it: a loop compiled by numba for "
    "this purpose alone takes the same time.",
    MASS: "of 100 classes it is the same read, and then one sort in NumPy, which libraries do too.",
    TIES: "equal scores are found by one sort a class, as numpy.unique does, and equal rows by a hash, as pandas does.",
}

TASK = Task(
    "calibration",
    "Calibration errors",
    "Fifteen bins, L1, float64; predictions and labels are ready in the arrays of each library.  A library is what "
    "its users call, with the counts of bins added where it leaves them out; `written out` is code for this purpose "
    "alone.  Conventions at the edges of bins differ, and these scores do not lie on edges.",
    cases,
    tuple(
        Target(f"{group}: ahead of the fastest library", group, lead(LIBRARY), least=3.0, why=WHY.get(group, ""))
        for group in (TOP, EACH, MASS, TIES)
    ),
)
