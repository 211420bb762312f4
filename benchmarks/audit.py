"""Time and memory of an audit: ten million Parquet rows, logits of a language model's vocabulary, calibration errors.

    python benchmarks/audit.py [--rows 10000000] [--only parquet|logits|calibration]

Calibration libraries are compared where they are installed: netcal, torchmetrics, relplot.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from sklearn.calibration import calibration_curve

from w2s_theory._numerics import compiled
from w2s_theory.auditing.array_predictions import array_predictions
from w2s_theory.auditing.auditor import audit
from w2s_theory.auditing.binned_sums import BinnedSums
from w2s_theory.auditing.gathering import gather
from w2s_theory.auditing.point_statistics import likeliest
from w2s_theory.auditing.predictions import laid_out, tiles
from w2s_theory.functionals.divergences import kl_divergence

try:
    import netcal.metrics as netcal
except ImportError:
    netcal = None
try:
    import torch
    import torchmetrics.functional.classification as torchmetrics
except ImportError:
    torchmetrics = None
try:
    import relplot
except ImportError:
    relplot = None

CONSOLE = Console(highlight=False, width=160)
CLASSES, CHUNK = 10, 2**18


def timed(work: Callable[[], object], runs: int = 5) -> float:
    """Median seconds of several runs after one that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def write_parquet(path: Path, rows: int, lists: bool) -> None:
    """Random weak and strong rows in float32 (lists) or float64 (one column a class), and labels."""
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        tables = {}
        for role in ("weak", "strong"):
            table = rng.random((n, CLASSES), np.float32) + np.float32(0.05)
            tables[role] = table / table.sum(axis=1, keepdims=True)
        columns = {}
        for role, table in tables.items():
            if lists:
                columns[role] = pa.FixedSizeListArray.from_arrays(pa.array(table.ravel()), CLASSES)
            else:
                wide = table.astype(float)
                wide /= wide.sum(axis=1, keepdims=True)
                columns |= {f"{role}_{i}": pa.array(wide[:, i]) for i in range(CLASSES)}
        columns["labels"] = pa.array(rng.integers(0, CLASSES, n))
        batch = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, batch.schema)
        writer.write_table(batch)
    assert writer is not None
    writer.close()


READ = """
import sys, time, pyarrow.parquet as pq
start = time.perf_counter()
with pq.ParquetFile(sys.argv[1], pre_buffer=False) as file:
    groups = range(file.num_row_groups)
    rows = sum(b.num_rows for g in groups for b in file.iter_batches(batch_size=131072, row_groups=[g]))
print(time.perf_counter() - start)
"""
AUDIT = """
import sys, time
from w2s_theory.auditing.auditor import audit_files
start = time.perf_counter()
audit_files([sys.argv[1]])
print(time.perf_counter() - start)
"""


def apart(code: str, path: Path) -> tuple[float, float]:
    """Seconds that a fresh process says it took, and its peak memory in GB."""
    script = code + "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes) / 1e6


def parquet(rows: int) -> None:
    """Reading and decoding all columns, and the whole audit, each in a process of its own."""
    for lists in (True, False):
        kind = "float32 lists" if lists else "float64 columns"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "predictions.parquet"
            write_parquet(path, rows, lists)
            apart(READ, path)
            read, audit = apart(READ, path), apart(AUDIT, path)
            size = path.stat().st_size / 1e9
        CONSOLE.print(f"{rows:,} rows of 2 × {CLASSES} classes, {kind}, {size:.2f} GB on disk")
        CONSOLE.print(f"  read and decode {read[0]:6.2f} s, {read[1]:.2f} GB")
        CONSOLE.print(f"  audit           {audit[0]:6.2f} s, {audit[1]:.2f} GB; ratio {audit[0] / read[0]:.1f}")


def logits() -> None:
    """2,000 points of 50,000 classes in float32: a plain KL of ready probabilities, our pass, the whole audit."""
    rng = np.random.default_rng(0)
    weak, strong = (rng.normal(0, 2, (2000, 50_000)).astype(np.float32) for _ in range(2))
    labels = rng.integers(0, 50_000, 2000)

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    p, q = jnp.asarray(softmax(weak)), jnp.asarray(softmax(strong))
    plain = jax.jit(lambda p, q: jnp.mean(jnp.sum(p * jnp.log(p / q), axis=-1)))  # noqa: TID251
    accurate = compiled(lambda p, q: jnp.mean(kl_divergence(p, q)))
    from_logits = array_predictions(weak, strong, labels=labels, logits=True)
    fastest = timed(lambda: plain(p, q).block_until_ready())
    rows = [
        ("plain KL of probabilities", fastest),
        ("accurate KL of probabilities", timed(lambda: accurate(p, q).block_until_ready())),
        ("softmax of both, in NumPy", timed(lambda: (softmax(weak), softmax(strong)), 1)),
        (
            "all statistics, from probabilities",
            timed(lambda: gather(array_predictions(np.asarray(p), np.asarray(q), labels=labels)), 1),
        ),
        (
            "all statistics, from logits",
            timed(lambda: gather(from_logits), 1),
        ),
        ("whole audit, from logits", timed(lambda: audit(weak, strong, labels=labels, logits=True), 1)),
    ]
    CONSOLE.print("2,000 × 50,000, float32")
    for name, seconds in rows:
        CONSOLE.print(f"  {name:36} {1e3 * seconds:8.0f} ms  {seconds / fastest:6.1f}")


def calibration() -> None:
    """Top-label and class-wise binned errors, 15 bins of equal width, of float64 rows."""
    for n, k in ((1_000_000, 2), (1_000_000, 10), (100_000, 100)):
        rng = np.random.default_rng(0)
        table = rng.dirichlet(np.ones(k), n)
        labels = rng.integers(0, k, n)

        def top(table: np.ndarray = table, labels: np.ndarray = labels) -> float:
            sums = BinnedSums()
            for rows in tiles(table):
                best, score = likeliest(laid_out(table[rows]))
                sums.add(score, (best == labels[rows]).astype(float))
            return sums.plug_in

        def each(table: np.ndarray = table, labels: np.ndarray = labels, k: int = k) -> float:
            sums = BinnedSums(k)
            sums.add_table(table, labels, None)
            return sums.plug_in

        CONSOLE.print(f"n = {n:,}, k = {k}")
        ours = {"top-label": timed(top), "class-wise": timed(each)}
        CONSOLE.print("  ours            " + "  ".join(f"{name} {1e3 * s:6.1f} ms" for name, s in ours.items()))
        for name, work in libraries(table, labels).items():
            try:
                seconds = timed(work, 3)
            except Exception as problem:  # a library that cannot do this size is reported, not hidden
                CONSOLE.print(f"  {name:40} {type(problem).__name__}")
                continue
            ratio = seconds / ours["top-label"]
            CONSOLE.print(f"  {name:40} top-label {1e3 * seconds:8.1f} ms  {ratio:6.1f} times ours")


def libraries(table: np.ndarray, labels: np.ndarray) -> dict[str, Callable[[], object]]:
    """The same by libraries that are installed."""
    top = table.max(axis=1)
    right = (table.argmax(axis=1) == labels).astype(int)
    made: dict[str, Callable[[], object]] = {
        "scikit-learn calibration_curve": lambda: calibration_curve(
            (table.argmax(axis=1) == labels).astype(int), table.max(axis=1), n_bins=15
        )
    }
    if netcal is not None:
        ece, rows = netcal.ECE(15), table if table.shape[1] > 2 else table[:, 1]
        made["netcal ECE"] = lambda: ece.measure(rows, labels)
    if torchmetrics is not None:
        error, p, y = torchmetrics.multiclass_calibration_error, torch.from_numpy(table), torch.from_numpy(labels)
        made["torchmetrics"] = lambda: error(p, y, table.shape[1], n_bins=15, norm="l1")
    if relplot is not None:
        made["relplot smECE, not binned"] = lambda: relplot.smECE(top, right)
    return made


def main() -> None:
    """Run all parts, or the one asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--only", choices=("parquet", "logits", "calibration"))
    asked = parser.parse_args()
    parts = {"parquet": lambda: parquet(asked.rows), "logits": logits, "calibration": calibration}
    for name, part in parts.items():
        if asked.only in (None, name):
            part()
    CONSOLE.print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
