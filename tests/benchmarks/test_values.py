"""Everyone's values in every task of the benchmarks, at tiny sizes; never their times."""

import math
import warnings

import numpy as np
import pytest

from benchmarks.__main__ import TASKS, task
from benchmarks.contest import OURS, Case, Contestant, check, contest, ready
from benchmarks.limits import Limits
from benchmarks.scaling_laws import exponent, law

LIMITS = Limits(1e9, 1e9, 1e9, 1e9)


def case(*contestants, **settings):
    return Case("halves", contestants, "group", 1e-9, **settings)


def mine(value=0.5):
    return Contestant("mine", ready(lambda: value), OURS)


@pytest.mark.parametrize("name", TASKS)
def test_values_agree(name):
    found = task(name)
    groups = set()
    for tiny in found.cases(True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what peers warn of is theirs
            outcome = check(tiny)
        groups.add(outcome.group)
        failed = [row.note for row in outcome.rows if row.error is None and "is not installed" not in row.note]
        assert not failed
        assert outcome.ours.error is not None
    assert groups <= {target.group for target in found.targets} or not found.targets or name == "startup"
    laws = [law(study, only_check=True) for study in found.studies(True)]
    assert all(one.exponent is None or math.isfinite(one.exponent) for one in laws)
    assert bool(laws) == bool(found.conclusions(laws))


def test_a_wrong_value_is_caught():
    wrong = Contestant("hasty", ready(lambda: 0.5001))
    with pytest.raises(AssertionError, match="hasty: error"):
        check(case(mine(), wrong))
    outcome = contest(case(mine(), wrong), LIMITS, rounds=1)
    assert outcome.rows[1].wrong and "WRONG" in outcome.rows[1].note
    assert outcome.fastest() is None


@pytest.mark.parametrize("value", [np.nan, np.inf, [0.5, 0.5]])
def test_what_is_not_a_number_or_not_of_the_shape_is_wrong(value):
    with pytest.raises(AssertionError):
        check(case(mine(), Contestant("odd", ready(lambda: value))))


def test_a_peer_known_to_be_inaccurate_is_shown_with_its_error():
    outcome = check(case(mine(), Contestant("rough", ready(lambda: 0.6), known_inaccurate=True)))
    assert outcome.rows[1].error == pytest.approx(0.2) and not outcome.rows[1].wrong


def test_a_peer_that_is_missing_or_fails_is_left_out_with_a_note():
    def missing():
        raise ModuleNotFoundError("No module named 'peer'", name="peer")

    def fails():
        raise ValueError("too many classes")

    outcome = check(case(mine(), Contestant("missing", missing), Contestant("failing", ready(fails))))
    assert [row.note for row in outcome.rows] == ["", "peer is not installed", "ValueError: too many classes"]
    with pytest.raises(ValueError, match="too many"):
        check(case(Contestant("ours fails", ready(fails), OURS)))


def test_a_share_of_the_work_counts_as_the_whole(monkeypatch):
    clock = iter(np.arange(100.0))
    monkeypatch.setattr("benchmarks.contest.time.perf_counter", lambda: next(clock))
    outcome = contest(case(mine(), Contestant("part", ready(lambda: 0.5), share=0.25)), LIMITS, rounds=3)
    assert [row.seconds for row in outcome.rows] == [1.0, 4.0]
    assert outcome.rows[1].ratio == 4.0 and outcome.rows[1].runs == 3


def _endless():
    return _wait


def _wait():
    import time  # noqa: PLC0415

    time.sleep(60.0)


def test_a_peer_that_does_not_answer_is_ended():
    outcome = contest(case(mine(), Contestant("endless", _endless, limit=0.2)), LIMITS, rounds=1)
    late = outcome.rows[1]
    assert late.seconds is None and late.at_least == 0.2 and late.note == "no answer in 0.2 s"


def test_exponent_of_the_larger_half():
    sizes = [1, 2, 4, 8, 16]
    assert exponent(sizes, [9.0, 9.0, 16.0, 64.0, 256.0]) == pytest.approx(2.0)
