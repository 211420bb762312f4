"""Time and memory of an audit: ten million Parquet rows, and logits of a language model's vocabulary."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.apart import Took, Work
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.limits import Least
from benchmarks.task import Task
from w2s_theory import audit, kl_divergence
from w2s_theory._numerics import compiled
from w2s_theory.auditing.array_predictions import array_predictions
from w2s_theory.auditing.gathering import gather
from w2s_theory.auditing.quality import mean_estimate

CLASSES, CHUNK, ROWS = 10, 2**18, 10_000_000
LOGITS = (2_000, 50_000)


def write_parquet(path: Path, rows: int, lists: bool) -> None:
    """Random weak and strong rows in float32 (lists) or float64 (one column a class), and labels."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        columns: dict[str, Any] = {}
        for role in ("weak", "strong"):
            table = rng.random((n, CLASSES), np.float32) + np.float32(0.05)
            table /= table.sum(axis=1, keepdims=True)
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
import pyarrow.parquet as pq
start = time.perf_counter()
with pq.ParquetFile(sys.argv[1], pre_buffer=False) as file:
    groups = range(file.num_row_groups)
    rows = sum(b.num_rows for g in groups for b in file.iter_batches(batch_size=131072, row_groups=[g]))
"""
GATHER = """
from w2s_theory.auditing.file_predictions import file_predictions
from w2s_theory.auditing.gathering import gather
columns = dict.fromkeys(("weak", "strong", "ceiling", "labels", "truth", "slices"))
start = time.perf_counter()
rows = gather(file_predictions([sys.argv[1]], columns=columns, logits=False, key=None)).points
"""
AUDIT = """
import w2s_theory
w2s_theory.audit_files
start = time.perf_counter()
rows = w2s_theory.audit_files([sys.argv[1]]).record["n"]
"""
REPORT = """
taken = time.perf_counter() - start
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([taken, rows, int(peak)]))
"""


def in_a_process(code: str, path: Path) -> Took:
    """Seconds that a fresh process says it took, the rows it saw and its peak memory in kB.

    The peak is not read by `getrusage`, which counts what the parent held when it started the process.
    """
    script = "import json, sys, time\n" + code + REPORT
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    seconds, rows, kilobytes = json.loads(done.stdout)
    return Took(seconds, (rows, kilobytes))


def parquet_case(path: Path, rows: int, kind: str, whole: bool = True) -> Case:
    """Reading and decoding all columns, all statistics, and the whole audit, each in a process of its own."""
    contestants = (
        *((Contestant("whole audit", lambda: partial(in_a_process, AUDIT, path), OURS),) if whole else ()),
        Contestant("all statistics", lambda: partial(in_a_process, GATHER, path), OURS),
        Contestant("read and decode by pyarrow", lambda: partial(in_a_process, READ, path), compiles=True),
    )
    size = path.stat().st_size
    return Case(
        f"{rows:,} Parquet rows of 2 × {CLASSES} classes, {kind}, {size / 1e9:.2f} GB",
        contestants,
        "Parquet",
        0.0,
        error=lambda value: abs(value[0] - rows),
        error_name="rows missed",
        count=rows,
        unit="rows",
        facts=lambda value: {"peak memory": f"{value[1] / 1e6:.2f} GB"},
        seconds=1.0,
    )


def softmax(z: np.ndarray) -> np.ndarray:
    """Rows of probabilities."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    return e


def logits_case(n: int, k: int, audited: bool = True) -> Case:
    """Mean KL from ready probabilities, and an audit of logits or probabilities in float32, which has more to do."""
    rng = np.random.default_rng(0)
    weak, strong = (rng.normal(0, 2, (n, k)).astype(np.float32) for _ in range(2))
    labels = rng.integers(0, k, n)
    p, q = softmax(weak), softmax(strong)

    def forward(predictions: Any) -> float | None:
        return mean_estimate(gather(predictions).between, "forward", 0.05).value

    def whole() -> Work:
        return lambda: audit(weak, strong, labels=labels, logits=True).record["disagreement"]["forward"]

    def in_jax(formula: Any) -> Work:
        tables = jnp.asarray(p), jnp.asarray(q)
        return lambda: formula(*tables)

    plain = jax.jit(lambda p, q: jnp.mean(jnp.sum(p * jnp.log(p / q), axis=-1)))  # noqa: TID251
    contestants = (
        *((Contestant("whole audit, from logits", whole, OURS),) if audited else ()),
        Contestant(
            "all statistics, from logits",
            lambda: lambda: forward(array_predictions(weak, strong, labels=labels, logits=True)),
            OURS,
        ),
        Contestant(
            "all statistics, from probabilities",
            lambda: lambda: forward(array_predictions(p, q, labels=labels)),
            OURS,
        ),
        Contestant(
            "kl_divergence of probabilities",
            lambda: in_jax(compiled(lambda p, q: jnp.mean(kl_divergence(p, q)))),
            OURS,
        ),
        Contestant("jax.jit Σ p log(p/q) of probabilities", lambda: in_jax(plain), compiles=True),
    )
    least = Least(read=float(weak.nbytes + strong.nbytes), single_logarithms=float(n * k))
    name = f"{n:,} points of {k:,} classes in float32, mean KL and more"
    return Case(name, contestants, "logits", 1e-3, least=least, seconds=2.0)


def cases(quick: bool) -> Iterator[Case]:
    """All cases; whole audits, which compile most, are not for a quick look."""
    rows = 500 if quick else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.parquet"
        for lists in (True,) if quick else (True, False):
            try:
                write_parquet(path, rows, lists)
            except ModuleNotFoundError:
                break
            yield parquet_case(path, rows, "float32 lists" if lists else "float64 columns", not quick)
    yield logits_case(*((50, 40) if quick else LOGITS), not quick)


TASK = Task(
    "audit",
    "Audits",
    "Everything that is estimated from predictions and labels, with intervals; a fresh process each for files, imports "
    "left out.  No library does the same: rows beside ours are a part of the work, to compare with.",
    cases,
)
