"""Cost against size: instances, classes, inputs, models, workers; and what a very large verification would take."""

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import divergences, projection_peers
from benchmarks.apart import Took, Work
from benchmarks.inequalities import claims
from benchmarks.limits import CORES
from benchmarks.scaling_laws import Law, Study
from benchmarks.task import Task
from w2s_theory import hull_projection, kl_divergence, sweep, verify

ONE_CLAIM, PROVED, WORKERS = (
    "verify, two inequalities of eight classes",
    "verify, four claims",
    "sweep, two inequalities",
)
SEVERAL = ("pinsker", "hoeffding-lemma", "generalization-forward", "calibration-common-conditioning")
MACHINES, INSTANCES = 100, 1e12


def verified(ids: Sequence[Any]) -> Any:
    """`prepare` of a study: verify these claims, on new instances every time."""

    def prepare(instances: int) -> Work:
        seeds = itertools.count(instances)
        return lambda: all(row.passed for row in verify(*ids, instances=instances, seed=next(seeds)))

    return prepare


def of_classes(rows: int) -> Any:
    """`prepare` of a study: the KL of so many rows."""

    def prepare(classes: int) -> Work:
        p, q = divergences.draw(rows, classes, "float64").on_jax
        with jax.enable_x64(True):
            wanted = float(jnp.mean(divergences.jax_log1p(p, q)))
        return lambda: float(np.mean(np.asarray(kl_divergence(p, q)))) / wanted

    return prepare


def projected(size: projection_peers.Size) -> Work:
    """A reverse projection, which is timed, and its Frank–Wolfe gap."""
    problem = projection_peers.draw(size)

    def work() -> Took:
        start = time.perf_counter()
        mixture = np.asarray(hull_projection(*problem, direction="reverse").parameters)
        taken = time.perf_counter() - start
        return Took(taken, projection_peers.frank_wolfe_gap(problem, mixture, "reverse"))

    return work


SWEEP = """
instances = {instances}
seeds = {seeds}
[[claims]]
ids = ["pinsker", "bretagnolle-huber"]
world = "FlooredTables"
inputs = 1
classes = 8
"""


def swept(instances: int, seeds: int, workers: int) -> Work:
    """A sweep of cells on so many processes, the first of which has to start and to compile."""

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sweep.toml"
            file.write_text(SWEEP.format(instances=instances, seeds=seeds), encoding="utf-8")
            done = sweep(file, Path(folder) / "rows", workers=workers)
            return sum(done.asked.values()) - sum(done.violations.values())

    return work


def studies(quick: bool) -> Iterator[Study]:
    """All studies."""
    yield Study(
        ONE_CLAIM,
        "instances",
        (64, 128) if quick else (1_000, 10_000, 100_000, 300_000, 1_000_000),
        verified(claims()),
        lambda size, passed: passed,
        float,
        "instances",
    )
    if not quick:
        yield Study(
            PROVED,
            "instances",
            (5_000, 10_000, 20_000, 50_000),
            verified(SEVERAL),
            lambda size, passed: passed,
            float,
            "instances of all claims",
            runs=1,
        )
    rows = 20 if quick else 2_000
    yield Study(
        f"kl_divergence of {rows:,} rows",
        "classes",
        (4, 8) if quick else (10, 100, 1_000, 10_000, 50_000),
        of_classes(rows),
        lambda size, ratio: abs(ratio - 1.0) < 1e-9,
        lambda size: float(rows * size),
        "entries",
        runs=5,
    )
    for variable, sizes, size_of in (
        (
            "inputs",
            (10, 20) if quick else (100, 1_000, 10_000, 40_000),
            lambda n: (n, 4 if quick else 10, 4 if quick else 20),
        ),
        ("models", (3, 4) if quick else (5, 10, 20, 40, 80), lambda m: (10 if quick else 2_000, 4 if quick else 10, m)),
    ):
        yield Study(
            f"hull_projection against {variable}",
            variable,
            sizes,
            lambda size, f=size_of: projected(f(size)),
            lambda size, gap: gap < 1e-10,
            lambda size: 1.0,
            "projections",
        )
    instances, seeds = (32, 2) if quick else (50_000, 20)
    yield Study(
        f"{WORKERS}, {2 * instances * seeds:,} instances in {2 * seeds} cells",
        "workers",
        (1,) if quick else tuple(n for n in (1, 2, 4, 8, 16) if n <= CORES),
        partial(swept, instances, seeds),
        lambda size, asked: asked == 2 * instances * seeds,
        lambda size: float(2 * instances * seeds),
        "instances",
        runs=1,
        warm=False,
        fitted=False,
    )


def conclusions(laws: Sequence[Law]) -> list[str]:
    """The paper estimate, from the rates measured at the largest sizes."""
    made = []
    spread = next((law for law in laws if law.variable == "workers"), None)
    if spread is not None and len(spread.sizes) > 1:
        made.append(
            f"{spread.sizes[-1]} processes on {CORES} cores do {spread.rates[-1] / spread.rates[0]:.2f} times what one "
            "does, which uses several threads itself, their start included."
        )
    for law in laws:
        if law.name not in (ONE_CLAIM, PROVED):
            continue
        hours = INSTANCES / (law.rates[-1] * MACHINES) / 3600.0
        made.append(
            f"Paper estimate for {law.name}: {INSTANCES:.0e} instances on {MACHINES} machines like this one take "
            f"{hours:,.2g} hours at {law.rates[-1]:.3g} instances a second each, or {hours / 24:.2g} days."
        )
    made.append(
        "Assumed: every machine keeps the rate measured here at the largest size, on all its cores; cells are large "
        "enough (a million instances or more) that starting and compiling, paid once a process, and the one row that "
        "a cell sends back do not count; a machine that fails costs the cells it was at, nothing beside the rest."
    )
    return made


TASK = Task(
    "scaling",
    "Scaling",
    "Times of growing work, and the exponent of the power of the size that fits the larger half of them.  Claims are "
    "checked on new instances in every run, compilation left out, except where workers are counted: there everything "
    "from the start of the processes on is.",
    studies=studies,
    conclusions=conclusions,
)
