"""What a sweep keeps of the violations it meets: few, and the one that its row shows."""

import tracemalloc
from dataclasses import replace

import numpy as np

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.verification.sweep import lasting, tallied
from w2s_theory.worlds.tables import FlooredTables


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


def test_five_times_the_instances_need_no_more_memory():
    claim = replace(CATALOGUE["pinsker"], id="pinsker-of-pairs", worlds=(FlooredTables(1, 2),))
    peaks = []
    for instances in (200_000, 200_000, 1_000_000):  # the first compiles, and fills what is kept of batches
        tracemalloc.start()
        tallied((claim,), instances, 0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[1] + 2_000_000
