"""`misfit-gain`: what it promises where a theorem speaks, and that the rest is drawn as it falls."""

import json

import numpy as np
import pytest

from tests.experiments.small_misfit import DESIGN, small_misfit, small_panel
from w2s_theory.errors import InputError
from w2s_theory.experiments.misfit_design import PANELS, VARIANTS, misfit_design
from w2s_theory.experiments.misfit_gain import misfit_gain, misfit_panel

EXACT = [panel.id for panel in PANELS if panel.proved and panel.id != "squared-adam"]


def test_the_cells_with_a_theorem_are_those_of_the_theory():
    assert [panel.id for panel in PANELS if not panel.proved] == ["forward-mixture", "softmax-risk"]


@pytest.mark.parametrize("panel", EXACT)
def test_exact_realizable_students_gain_at_least_their_misfit(panel):
    training = small_misfit()["variants"]["realizable"][panel]["training"]
    assert training["on_or_above"] == DESIGN.tasks
    assert min(training["misfit"]) > 1e-4
    assert max(training["error"]) < 1e-8


def test_equality_where_the_class_is_a_space_or_the_head_is_interior():
    variant = small_misfit()["variants"]["realizable"]
    for panel in ("squared-least-squares", "softmax-reverse-risk"):
        training = variant[panel]["training"]
        np.testing.assert_allclose(training["gain"], training["misfit"], rtol=1e-5)


def test_a_student_trained_by_steps_counts_only_without_its_residual():
    training = small_misfit()["variants"]["realizable"]["squared-adam"]["training"]
    assert training["on_or_above"] < training["within_residual"] == DESIGN.tasks


def test_the_record_is_json_with_intervals_curves_and_counts():
    record = small_misfit()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert set(record["variants"]) == set(VARIANTS)
    for variant in record["variants"].values():
        assert list(variant) == [panel.id for panel in PANELS]
        for panel in variant.values():
            assert len(panel["fresh"]["low"]) == DESIGN.tasks
            assert all(low < high for low, high in zip(panel["fresh"]["low"], panel["fresh"]["high"], strict=True))
    assert set(record["pretraining"][0]) == {"strong", "weak"}
    assert len(record["overview"]["rows"]) == len(VARIANTS) * len(PANELS)


def test_seeds_are_joined_and_the_first_is_what_it_is_alone():
    one, two = small_misfit(), small_misfit(seeds=2)
    for panel in ("squared-least-squares", "reverse-mixture"):
        both = two["variants"]["perturbed"][panel]["training"]["gain"]
        assert len(both) == 2 * DESIGN.tasks
        assert both[: DESIGN.tasks] == one["variants"]["perturbed"][panel]["training"]["gain"]


def test_fresh_inputs_of_the_student_are_other_inputs():
    same, fresh = (small_misfit(student_inputs=which)["variants"]["perturbed"] for which in ("same", "fresh"))
    assert fresh["squared-least-squares"]["training"]["gain"] != same["squared-least-squares"]["training"]["gain"]


def test_bad_settings_are_one_sentence():
    with pytest.raises(InputError, match="same or fresh, not 'new'"):
        misfit_gain(student_inputs="new")
    with pytest.raises(InputError, match="seeds of at least 1"):
        misfit_gain(seeds=0)


def test_the_full_design_is_that_of_the_papers():
    full = misfit_design(False)
    batches = -(-full.points // 32)
    assert full.pretraining_epochs * batches * full.pretraining_tasks == 630_000
    assert (full.tasks, full.points, full.head_epochs) == (100, 2000, 1000)


def test_a_panel_alone_is_what_it_is_among_the_others():
    whole = small_misfit()["variants"]
    for name in ("squared-least-squares", "softmax-risk"):
        made = small_panel(name)
        assert made["panel"] == name
        assert made["variants"] == {variant: whole[variant][name] for variant in ("realizable", "perturbed")}


def test_unknown_panels_and_variants_are_refused():
    with pytest.raises(InputError, match="unknown panel 'squared'; known: squared-least-squares"):
        misfit_panel("squared")
    with pytest.raises(InputError, match="variant 'pretrained' is not one of realizable, perturbed"):
        small_panel("squared-least-squares", variants=("pretrained",))
