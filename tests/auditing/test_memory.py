"""An audit holds blocks of rows, never all of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GATHER = """
import sys
from w2s_theory.auditing.file_predictions import file_predictions
from w2s_theory.auditing.gathering import gather
columns = dict.fromkeys(("weak", "strong", "ceiling", "labels", "truth", "slices"))
print(gather(file_predictions([sys.argv[1]], columns=columns, logits=False, key=None)).points)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
CLASSES, GROUP = 10, 25_000
BYTES = 2 * CLASSES * 8
"""Of a row's two tables."""


def peak(path, groups):
    """Peak memory in bytes of a process that gathers the statistics of so many groups of rows."""
    rng = np.random.default_rng(0)
    columns = {"labels": rng.integers(0, CLASSES, GROUP)}
    for role in ("weak", "strong"):
        table = rng.dirichlet(np.ones(CLASSES), GROUP)
        columns |= {f"{role}_{i}": table[:, i] for i in range(CLASSES)}
    group = pa.table(columns)
    with pq.ParquetWriter(path, group.schema) as writer:
        for _ in range(groups):
            writer.write_table(group)
    done = subprocess.run([sys.executable, "-c", GATHER, str(path)], capture_output=True, text=True, check=True)
    rows, kilobytes = map(int, done.stdout.split())
    assert rows == groups * GROUP
    return 1024 * kilobytes


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_three_times_the_rows_need_no_more_memory(tmp_path):
    few, many = peak(tmp_path / "few.parquet", 20), peak(tmp_path / "many.parquet", 60)
    assert many - few < 0.2 * 40 * GROUP * BYTES
