"""What RESULTS.md says is computed from what was measured."""

from pathlib import Path

import pytest

from benchmarks.__main__ import STORED, TASKS, WRITTEN
from benchmarks.contest import OURS, Outcome, Row
from benchmarks.limits import Least, Limits, machine, measured_limits
from benchmarks.results import Results, load, outcome_table, render
from benchmarks.scaling_laws import Law
from benchmarks.targets import Target, above_limit, behind, error, lead, seconds, verdict
from benchmarks.task import Section

ROOT = Path(__file__).parents[2]


def outcome(name, ours, theirs, at_least=None, **settings):
    rows = [
        Row("mine", OURS, ours, 1.0, 5, 1e-16),
        Row("fast", "library", theirs, None if theirs is None else theirs / ours, 5, 1e-9, at_least=at_least),
        Row("wrong", "library", ours / 100, 0.01, 5, 1.0, wrong=True, note="WRONG"),
    ]
    return Outcome(name, "group", rows, **settings)


def target(measure=None, **bounds):
    return Target("ahead of libraries", "group", measure or lead("library"), **bounds)


def test_a_target_is_met_only_in_all_its_cases():
    good, bad = outcome("small", 1.0, 4.0), outcome("large", 1.0, 2.5)
    assert verdict(target(least=3.0), [good]).met is True
    found = verdict(target(least=3.0), [good, bad])
    assert (found.met, found.measured, found.where, found.cases_met) == (False, "2.5", "large", 1)


def test_what_was_not_waited_for_may_show_a_target_or_leave_it_open():
    late = outcome("late", 1.0, None, at_least=20.0)
    assert verdict(target(least=10.0), [late]).met is True
    found = verdict(target(least=50.0), [late])
    assert found.met is None and found.measured == "more than 20"
    assert verdict(target(behind("library"), most=1.0), [late]).met is None


def test_without_the_peer_a_target_is_not_measured():
    found = verdict(target(least=3.0), [outcome("alone", 1.0, None)])
    assert found.met is None and found.measured == "not measured"


@pytest.mark.parametrize(
    ("measure", "value"), [(behind("library"), "0.25"), (above_limit, "2"), (seconds, "1"), (error, "1e-16")]
)
def test_other_measures(measure, value):
    assert verdict(target(measure, most=3.0), [outcome("small", 1.0, 4.0, least=0.5)]).measured == value


def small_results():
    outcomes = [outcome("one case", 0.002, 0.004, least=0.001, count=10, unit="rows"), outcome("late", 1.0, None, 20.0)]
    laws = [Law("growing", "classes", "rows", [1, 2], [0.5, 1.0], [2.0, 2.0], 1.0)]
    checks = [verdict(target(least=least, why="It is hard."), outcomes[:1]) for least in (1.5, 3.0)]
    section = Section("toy", "A toy", "About it.", "today", "0.0", "none", outcomes, laws, checks, ["It grows."])
    return Results({"cores": "2"}, {"numpy": "2"}, {"toy": section})


def test_results_are_rendered_with_targets_met_and_not_met(tmp_path):
    results = small_results()
    results.save(tmp_path / "results.json")
    assert load(tmp_path / "results.json") == results
    text = render(results)
    assert "| A toy | ahead of libraries | at least 1.5 | 2 | one case | 1 of 1 | yes |" in text
    assert "| A toy | ahead of libraries | at least 3 | 2 | one case | 0 of 1 | **no** |" in text
    assert text.count("* A toy, ahead of libraries: It is hard.") == 1
    assert "| mine | 2 ms | 1 | 0.5 | 2 | 1e-16 | 5e+03 | 5 |  |" in text
    assert "| fast |  | > 20 |" in text
    assert "growing: time grows as classes^1.00" in text and "* It grows." in text


def test_columns_that_say_nothing_are_left_out():
    columns, rows = outcome_table(outcome("one case", 0.002, 0.004))
    assert "/ machine's limit" not in columns and all(len(row) == len(columns) for row in rows)


def test_written_results_are_those_that_are_stored():
    stored = load(STORED)
    assert WRITTEN.read_text(encoding="utf-8") == render(stored), "run `make bench`"
    assert list(stored.sections) == [name for name in TASKS if name in stored.sections]


def test_limits_of_the_machine():
    limits = measured_limits(megabytes=1)
    assert min(vars(limits).values()) > 0
    assert Least(read=2.0, logarithms=9.0).seconds(Limits(1.0, 3.0, 1.0, 1.0)) == 3.0
    assert Least().seconds(limits) is None
    assert int(machine()["cores"]) >= 1
