"""Rows depend on their cells alone, and none is lost or made twice, whatever happens to the processes."""

import dataclasses
import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pytest
from distributed import Client, LocalCluster

from tests.sweeping.conftest import SMALL
from w2s_theory import processes
from w2s_theory.errors import InputError
from w2s_theory.sweeping import running, store
from w2s_theory.sweeping.cells import claim_of
from w2s_theory.sweeping.running import sweep
from w2s_theory.sweeping.specification import read_cells
from w2s_theory.verification.sweep import tallied

pytestmark = pytest.mark.filterwarnings("default")  # what Dask and its sockets warn of when processes are killed


def rows_in(folder: Path):
    """All rows, sorted by cell, and the number of files."""
    files = sorted(folder.glob("rows-*.parquet"))
    rows = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: row["cell"]), len(files)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The rows of the small sweep, run in this process."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "sweep.toml").write_text(SMALL, encoding="utf-8")
    swept = sweep(folder / "sweep.toml", folder / "out")
    assert (swept.cells, swept.before, swept.violations) == (90, 0, {"pinsker": 0, "hellinger-tv-lower": 0})
    assert swept.asked == {"pinsker": 60 * 32, "hellinger-tv-lower": 30 * 32}
    return rows_in(folder / "out")[0]


def test_a_row_is_what_the_claim_says_at_that_seed(specification, whole):
    cells = {cell.key: cell for cell in read_cells(specification())}
    assert [row["cell"] for row in whole] == sorted(cells)
    for row in whole[::17]:
        cell = cells[row["cell"]]
        tally = tallied((claim_of(cell.program),), 32, cell.seed, corners=False)[0]
        assert (row["name"], row["seed"], row["instances"]) == (cell.name, cell.seed, 32)
        assert (row["inputs"], row["classes"]) == tuple(dict(cell.parameters).get(n) for n in ("inputs", "classes"))
        assert (row["asked"], row["violations"], row["min_slack"]) == (tally.asked, 0, tally.slack)
        assert row["max_tightness"] == tally.tightness <= 1.0 + 1e-9
    assert len({row["min_slack"] for row in whole}) > 60


def test_resuming_computes_what_is_missing_and_sets_damage_aside(specification, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_ROWS_A_FILE", 20)
    path, out = specification(), tmp_path / "out"
    sweep(path, out)
    assert rows_in(out) == (whole, 5)
    with pytest.raises(InputError, match="holds the rows of a sweep; go on with --resume"):
        sweep(path, out)
    (out / "rows-000002.parquet").unlink()
    (out / "rows-000004.parquet").write_bytes(b"PAR1 cut short")
    (out / ".rows-000009.parquet.part").write_bytes(b"half")
    swept = sweep(path, out, resume=True)
    assert (swept.before, swept.damaged) == (50, ("rows-000004.parquet",))
    assert rows_in(out)[0] == whole
    assert (out / ".rows-000004.damaged").read_bytes() == b"PAR1 cut short"
    assert not list(out.glob("*.part"))
    assert sweep(path, out, resume=True).before == 90
    assert len(pyarrow.parquet.read_table(out)) == 90  # as one table, whatever else lies there


def test_resuming_another_sweep_counts_its_own_cells_and_keeps_one_set_of_columns(specification, tmp_path):
    out = tmp_path / "out"
    sweep(specification(), out)
    fewer = sweep(specification(SMALL.replace("seeds = 30", "seeds = 2")), out, resume=True)
    assert (fewer.cells, fewer.before, fewer.asked["pinsker"]) == (6, 6, 4 * 32)
    with pytest.raises(InputError, match=r"rows-000001.parquet: has other columns than this sweep would write"):
        sweep(specification(SMALL.replace("classes = 2", "classes = 2\npositive_truth = true")), out, resume=True)


def test_values_of_several_types_are_written_as_words(specification, tmp_path):
    table = '[[claims]]\nids = ["pinsker"]\nworld = "FlooredTables"\ninputs = 1\nclasses = 2\n'
    out, path = tmp_path / "out", specification("instances = 8\n" + table)
    cells = [dataclasses.replace(read_cells(path)[0], parameters=(("mark", value),)) for value in (1, 0.5, "x", True)]
    with store.Store(out, cells).opened(resume=False) as opened:
        row = {"kind": "claim", "name": "pinsker", "seed": 0, "asked": 8, "violations": 0}
        opened.append([row | {"cell": cell.key} | dict(cell.parameters) for cell in cells])
    assert sorted(row["mark"] for row in rows_in(out)[0]) == ["0.5", "1", "True", "x"]


def test_one_sweep_at_a_time_in_a_folder(specification, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with (out / ".sweep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another sweep is writing there"):
            sweep(specification(), out)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: cannot be written"):
        sweep(specification(), tmp_path / "file")
    with pytest.raises(InputError, match="--workers 0"):
        sweep(specification(), out, workers=0)
    with pytest.raises(InputError, match="give one of them"):
        sweep(specification(), out, workers=2, scheduler="tcp://127.0.0.1:9")


def test_a_full_disk_keeps_what_was_written(specification, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_ROWS_A_FILE", 40)
    path, out, sync, calls = specification(), tmp_path / "out", os.fsync, []

    def full(number):
        calls.append(number)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        sync(number)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(InputError, match=r"rows-000002.parquet: cannot be written: No space left.*--resume"):
        sweep(path, out)
    assert len(rows_in(out)[0]) == 40 and not list(out.glob("*.part"))
    monkeypatch.setattr(store.os, "fsync", sync)
    assert sweep(path, out, resume=True).before == 40
    assert rows_in(out)[0] == whole


_SWEEPS_IN_FORKS = """
import os, sys
from w2s_theory.compilation_cache import keep_compiled_code
keep_compiled_code(os.environ)
import pyarrow.parquet
from w2s_theory.sweeping import running
running._ROWS_A_FILE = 3
for _ in sys.stdin:
    child = os.fork()
    if not child:
        running.sweep(sys.argv[1], sys.argv[2], resume=True)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_killed_at_any_moment_it_resumes_to_the_same_rows(specification, tmp_path):
    """Twenty times, before the first row or a few files and moments later; one process forks them, to start fast."""
    path, out = specification(SMALL.replace("seeds = 30", "seeds = 150")), tmp_path / "out"
    sweep(path, tmp_path / "whole")
    whole, _ = rows_in(tmp_path / "whole")
    rng, environment = random.Random(0), os.environ | {"W2S_THEORY_CACHE": str(tmp_path / "compiled")}
    command = [sys.executable, "-c", _SWEEPS_IN_FORKS, str(path), str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as forks:
        assert forks.stdin and forks.stdout

        def files():
            return len(list(out.glob("rows-*")))

        for _ in range(20):
            wanted, later = files() + rng.randrange(-1, 4), rng.uniform(0.0, 0.03)
            forks.stdin.write("\n")
            forks.stdin.flush()
            child = int(forks.stdout.readline())
            deadline = time.monotonic() + 60
            while files() <= wanted and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(later)
            os.kill(child, signal.SIGKILL)
            assert int(forks.stdout.readline()) == -signal.SIGKILL
        forks.stdin.close()
    assert 0 < len(rows_in(out)[0]) < len(whole) == 450
    sweep(path, out, resume=True)
    assert rows_in(out)[0] == whole


def test_workers_make_the_same_rows_and_survive_a_kill(specification, whole, tmp_path, monkeypatch):
    """One cluster: two processes of which one is killed as soon as there are rows, then four and a plain run."""
    monkeypatch.setattr(running, "_CELLS_A_TASK", 4)
    monkeypatch.setattr(running, "_ROWS_A_FILE", 4)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster:
        address = cluster.scheduler_address
        out = tmp_path / "killed"

        def kill_one(done, cells):
            if done == 8:
                with Client(address) as client:
                    first = next(iter(client.run(os.getpid).values()))
                os.kill(first, signal.SIGKILL)

        sweep(specification(), out, scheduler=address, tell=kill_one)
        assert rows_in(out)[0] == whole
        cluster.scale(4)
        with Client(address) as client:
            client.wait_for_workers(4, timeout=60)
        sweep(specification(), tmp_path / "plain", scheduler=address)
        assert rows_in(tmp_path / "plain")[0] == whole


def test_a_scheduler_that_is_not_there_or_vanishes(specification, whole, tmp_path, monkeypatch):
    with (
        monkeypatch.context() as impatient,
        pytest.raises(InputError, match=r"--scheduler tcp://127.0.0.1:9: no scheduler answers there"),
    ):
        impatient.setattr(processes, "_SECONDS_TO_CONNECT", 2)
        sweep(specification(), tmp_path / "none", scheduler="tcp://127.0.0.1:9")
    monkeypatch.setattr(running, "_CELLS_A_TASK", 4)
    monkeypatch.setattr(running, "_ROWS_A_FILE", 4)
    out = tmp_path / "out"
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50)

    def vanish(done, cells):
        if done == 8:
            cluster.close()

    with pytest.raises(InputError, match="the scheduler is gone"):
        sweep(specification(), out, scheduler=cluster.scheduler_address, tell=vanish)
    assert 0 < len(rows_in(out)[0]) < 90
    sweep(specification(), out, resume=True)
    assert rows_in(out)[0] == whole
