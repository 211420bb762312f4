"""Rows, searches and records are the same in this process, on one worker, on two and on four, whatever dies."""

import dataclasses
import os
import signal
import sys
from importlib import import_module
from unittest import mock

import jax
import numpy as np
import pytest
from distributed import Client, LocalCluster

import w2s_theory
from tests.compiled import quick
from w2s_theory.claim import Cite, Claim, Leq, Status
from w2s_theory.errors import InputError
from w2s_theory.functionals.divergences import total_variation
from w2s_theory.functionals.risks import disagreement
from w2s_theory.instance import Hypothesis
from w2s_theory.measures import expectation
from w2s_theory.processes import opened
from w2s_theory.spreading import spread_on
from w2s_theory.verification import sweep
from w2s_theory.verification.falsify import falsify_claim
from w2s_theory.verification.search import Effort
from w2s_theory.verification.sweep import SweepRow
from w2s_theory.worlds.tables import FlooredTables

pytestmark = pytest.mark.filterwarnings("default")  # what Dask and its sockets warn of when processes are killed

FEW = Effort(starts=128, steps=60, polished=1)
mean_tv = lambda i: expectation(i.weights, total_variation(i.weak, i.strong))  # noqa: E731
apart = Hypothesis("apart", "Weak and strong differ.", lambda i: mean_tv(i) - 1e-3)
OWN = Claim(
    id="linear-pinsker",
    statement="Total variation is below the divergence, which fails for models near each other.",
    cite=Cite("w2stheory"),
    status=Status.open,
    sides=lambda i: Leq(mean_tv(i), disagreement(i.weights, i.weak, i.strong)),
    worlds=(FlooredTables(3, 3), FlooredTables(1, 2)),
    assumes=(apart,),
)
PROVED = w2s_theory.CATALOGUE["hellinger-tv-lower"]
CLAIMS = (PROVED, w2s_theory.CATALOGUE["calibration-score-conditional"], OWN)
"""One proved, one refuted, one of one's own made of functions without a name."""


@pytest.fixture(scope="module")
def cluster():
    """Worker processes that the tests share, one at first; they compile as quickly as this one does meanwhile."""
    fast = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    settings = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with quick(), mock.patch.dict(os.environ, fast), LocalCluster(n_workers=1, **settings) as made:
        yield made


@pytest.fixture
def small_parts(monkeypatch):
    """Eight batches of 250 instances, or fewer, are cut into as many parts."""
    monkeypatch.setattr(sweep, "_BLOCK", 250)
    monkeypatch.setattr(sweep, "_BLOCKS_A_PART", 1)


def scaled(cluster, workers):
    """The cluster's address, once it has so many workers."""
    cluster.scale(workers)
    with Client(cluster) as client:
        client.wait_for_workers(workers, timeout=60)
    return cluster.scheduler_address


def bits(thing):
    """All that rows say, to the last bit."""
    if isinstance(thing, w2s_theory.Instance):
        return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(thing)]
    if isinstance(thing, SweepRow):
        return [bits(getattr(thing, field.name)) for field in dataclasses.fields(thing)]
    return [bits(part) for part in thing] if isinstance(thing, list) else repr(thing)


def test_verify_makes_the_same_rows_on_any_number_of_workers(cluster, small_parts, monkeypatch):
    alone = w2s_theory.verify(*CLAIMS, instances=2_000, seed=4)
    assert [row.verdict for row in alone] == ["holds", "refuted", "violated"]
    assert all(row.instances > 500 and row.worst is not None for row in alone)
    for workers in (1, 2, 4):
        told = []
        address = scaled(cluster, workers)
        rows = w2s_theory.verify(*CLAIMS, instances=2_000, seed=4, scheduler=address, on_row=told.append)
        assert bits(rows) == bits(alone)
        assert sorted(row.id for row in told) == sorted(row.id for row in rows)
    with Client(cluster) as client:
        compiled = client.run(lambda: import_module("w2s_theory.verification.sweep").batch_measure.cache_info().misses)
        programs = sum(len(claim.worlds) for claim in CLAIMS)
    assert len(compiled) == 4 and all(0 < misses <= programs for misses in compiled.values())


def test_parts_of_any_length_are_the_whole(small_parts, monkeypatch):
    short = w2s_theory.verify(*CLAIMS, instances=2_000)
    for length in (3, 100):
        monkeypatch.setattr(sweep, "_BLOCKS_A_PART", length)
        assert bits(w2s_theory.verify(*CLAIMS, instances=2_000)) == bits(short)


def test_a_worker_killed_while_claims_are_verified_changes_nothing(cluster, small_parts, monkeypatch):
    alone = w2s_theory.verify(*CLAIMS, instances=4_000)
    address, killed = scaled(cluster, 2), []

    def kill_one(row):
        if not killed:
            with Client(address) as client:
                killed.extend(client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)

    assert bits(w2s_theory.verify(*CLAIMS, instances=4_000, scheduler=address, on_row=kill_one)) == bits(alone)
    with pytest.raises(ProcessLookupError):
        os.kill(killed[0], 0)


@pytest.mark.parametrize(("claim", "worlds", "number"), [(PROVED, 2, 2), (OWN, 1, 4)], ids=["proved", "own"])
def test_falsify_finds_the_same_on_any_number_of_workers(cluster, claim, worlds, number):
    """An own claim breaks in its smaller world, so what is found in the other does not count."""
    told = []
    alone = falsify_claim(claim, seed=3, effort=FEW)
    with opened(scheduler=scaled(cluster, number)) as workers:
        options = {"spread": spread_on(workers), "progress": lambda stage, share: told.append((stage, share))}
        assert falsify_claim(claim, seed=3, effort=FEW, **options) == alone
    assert [share for stage, share in told if stage == "search"] == [(n + 1) / 2 for n in range(worlds)]
    assert alone.found is (claim is OWN)


def test_simulate_makes_the_same_record_on_two_workers_of_its_own():
    told = []
    options = {"seeds": 3, "quick": True, "progress": lambda stage, share: told.append(share)}
    alone = w2s_theory.simulate("balance", seeds=3, quick=True)
    assert w2s_theory.simulate("balance", **options, workers=2) == alone
    assert told == [1 / 3, 2 / 3, 1.0]
    assert w2s_theory.simulate("balance", seeds=2, quick=True) != alone


ASK = {
    "verify": lambda **cluster: w2s_theory.verify("pinsker", **cluster),
    "falsify": lambda **cluster: w2s_theory.falsify("pinsker", **cluster),
    "simulate": lambda **cluster: w2s_theory.simulate("balance", **cluster),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK.keys())
def test_a_cluster_that_cannot_be_is_refused(ask):
    for workers in (0, -3):
        with pytest.raises(InputError, match=f"--workers {workers} is not a positive number"):
            ask(workers=workers)
    with pytest.raises(InputError, match="give one of them"):
        ask(workers=2, scheduler="tcp://127.0.0.1:9")


def test_a_scheduler_that_is_not_there_is_unusable_input_and_so_is_a_missing_extra(monkeypatch):
    with pytest.raises(InputError, match="--scheduler mars://host: no scheduler answers there"):
        w2s_theory.verify("pinsker", scheduler="mars://host")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'w2s-theory\[cluster\]'"):
        w2s_theory.falsify("pinsker", workers=2)
    with opened() as nothing:
        assert nothing is None
