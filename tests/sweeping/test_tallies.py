"""What a sweep keeps of the violations it meets: few, and the one that its row shows."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.verification import sweep as sweeping
from w2s_theory.verification.sweep import lasting, sweep_claim, tallied

SWEEP = """
import sys
from dataclasses import replace
from w2s_theory import CATALOGUE, FlooredTables
from w2s_theory.verification.sweep import tallied
claim = replace(CATALOGUE["pinsker"], id="pinsker-of-pairs", worlds=(FlooredTables(1, 8),))
tallied((claim,), int(sys.argv[1]), 0)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
NUMBERS = 26
"""Of an instance: three rows of eight, a weight and a floor."""


def plainest(found):
    """Which of all violations the row shows: of those within a tenth of the worst, the first of largest rhs."""
    worst = min(slack for slack, *_ in found)
    return max((f for f in found if f[0] <= 0.9 * worst), key=lambda f: f[1])


def test_what_is_kept_of_many_violations_has_the_one_that_is_shown_and_is_little():
    rng = np.random.default_rng(0)
    for digits in (1, 2, 3, 12):
        slack = -np.round(rng.choice([1.0, 0.2]) + 0.2 * rng.random(3_000) + rng.exponential(0.01, 3_000), digits)
        rhs = np.round(rng.normal(size=3_000), 0 if digits < 12 else 12)
        found = list(zip(slack.tolist(), rhs.tolist(), range(3_000), strict=True))
        kept = []
        for number, one in enumerate(found):
            kept = lasting([*kept, one])
            if number % 50 == 0:
                assert plainest(kept) == plainest(found[: number + 1])
            assert len(kept) < 30
        halves = lasting([*lasting(found[:1_000]), *lasting(found[1_000:])])
        assert halves == kept and plainest(kept) == plainest(found)


def test_a_kept_instance_is_no_view_of_its_batch():
    (tally,) = tallied((CATALOGUE["calibration-binned"],), 200, 0)
    assert tally.found
    for _, _, instance in tally.found:
        assert all(getattr(leaf, "base", None) is None for leaf in (instance.weak, instance.truth))


def test_a_violation_that_another_batch_does_not_show_is_no_counterexample(monkeypatch):
    """Every batch after the first, the one in which instances are looked at again among them, comes out harmless."""
    claim, measured_before = CATALOGUE["calibration-binned"], []
    claim = replace(claim, worlds=claim.worlds[:1])
    honest = sweeping.batch_measure

    def fickle(*arguments):
        def measured(batch):
            made = honest(*arguments)(batch)
            if measured_before:
                made = jax.tree.map(np.zeros_like, made)
            measured_before.append(batch)
            return made

        return measured

    assert sweep_claim(claim, 64, 1).verdict == "refuted"
    monkeypatch.setattr(sweeping, "batch_measure", fickle)
    row = sweep_claim(claim, 64, 1)
    assert row.violations > 0 and len(measured_before) == 2
    assert (row.verdict, row.counterexample) == ("not refuted", None)


def peak(instances):
    """Peak memory in bytes of a process that sweeps so many."""
    done = subprocess.run([sys.executable, "-c", SWEEP, str(instances)], capture_output=True, text=True, check=True)
    return 1024 * int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_four_times_the_instances_need_no_more_memory():
    few, many = peak(250_000), peak(1_000_000)
    assert many - few < 0.2 * 750_000 * NUMBERS * 8
