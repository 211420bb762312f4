"""Every claim, by what follows from its declaration alone; nothing here knows a claim by name but one list."""

import functools
import itertools

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given, settings

from tests.families import BATCH, all_measured, drawn_counterexample, family, in_one_worker, measured, repeated, sampled
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Status
from w2s_theory.testing import coordinates
from w2s_theory.verdict import Verdict
from w2s_theory.verification.sweep import stack
from w2s_theory.worlds.world import decode_batch

NOT_SHARP = {
    "calibration-smooth",
    "calibration-sharp-smooth",
    "gain-misspecified",
    "gain-finite-sample",
    "gain-mixture-of-r",
}
"""Proved inequalities that are not sharp, or whose best constant the theory leaves open."""


def parametrised(claims, worlds=False):
    """One parameter a claim (and world), grouped so that one test worker compiles each family of claims once."""
    rows = [(claim, world) for claim in claims for world in (claim.worlds if worlds else [None])]
    params = [
        pytest.param(*(row if worlds else row[:1]), id="-".join(map(str, [row[0].id, *(row[1:] if worlds else [])])))
        for row in rows
    ]
    marked = [pytest.param(*p.values, id=p.id, marks=in_one_worker(p.values[0])) for p in params]
    return pytest.mark.parametrize(("claim", "world") if worlds else ("claim",), marked)


def families_by_world(claims):
    """One parameter for the claims of a family that share a world: what holds for one instance is asked of all."""
    members = {}
    for claim in claims:
        for world in claim.worlds:
            members.setdefault((family(claim), world), []).append(claim)
    return pytest.mark.parametrize(
        ("claims", "world"),
        [
            pytest.param(tuple(asked), world, id=f"{asked[0].id}-{world}", marks=in_one_worker(asked[0]))
            for (_, world), asked in members.items()
        ],
    )


PROVED = [claim for claim in CLAIMS if claim.status is Status.proved]
REFUTED = [claim for claim in CLAIMS if claim.status is Status.refuted]


def structure(batch):
    """What code is compiled for."""
    return jax.tree.structure(batch), tuple((leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(batch))


SCALES = np.geomspace(1.0, 1e-6, BATCH)
"""What is drawn is looked at from afar and from near: the nearer, the closer predictions are to each other."""


def costly(world):
    """Whether an instance has many inputs, or asks for the students of many samples."""
    return world.inputs >= 64 or getattr(world, "strain", None) == "sample"


@families_by_world(PROVED)
def test_no_violation_on_drawn_coordinates(claims, world):
    @settings(max_examples=5 if costly(world) else 30)
    @given(coordinates(world))
    def check(z):
        made = all_measured(family(claims[0]), decode_batch(world, SCALES[:, None] * z))
        for claim in claims:
            m = made[claim.id]
            wrong = np.isin(m["verdict"], [Verdict.violated, Verdict.nonfinite])
            assert not wrong.any(), (claim.id, SCALES[wrong], m["lhs"][wrong], m["rhs"][wrong])

    check()


@families_by_world(PROVED)
def test_no_violation_on_corners_and_worlds_meet_what_the_claim_assumes(claims, world):
    batch = sampled(world, 7)
    made = all_measured(family(claims[0]), batch)
    for claim in claims:
        assert Verdict.hypotheses_not_met not in made[claim.id]["verdict"], claim.id
    if corners := world.corners():
        assert {leaf.dtype.kind + str(leaf.dtype.itemsize) for leaf in jax.tree.leaves(corners)} <= {"f8", "i8"}
        mixed = jax.tree.map(lambda a, b: np.concatenate([a, b])[:BATCH], stack(corners), batch)
        made = all_measured(family(claims[0]), mixed)
        for claim in claims:
            assert Verdict.violated not in made[claim.id]["verdict"], claim.id


@parametrised([claim for claim in PROVED if claim.witness])
def test_sharp_claim_reaches_equality_at_its_witness_and_five_percent_less_is_violated(claim):
    witness = repeated(claim.witness(claim.witness_scale))
    shared = structure(witness) in {structure(sampled(world, 7)) for world in claim.worlds}
    measure_here = functools.partial(measured, claim, witness, claims=family(claim) if shared else (claim,))
    m = measure_here()
    assert m["lhs"][0] / m["rhs"][0] > 0.999
    assert m["verdict"][0] in (Verdict.holds, Verdict.tight)
    assert measure_here(sharpened=0.95)["verdict"][0] is Verdict.violated


@parametrised([claim for claim in PROVED if claim.identity])
def test_identity_with_one_side_five_percent_off_is_violated(claim):
    verdicts = measured(claim, sampled(claim.worlds[0], 3), sharpened=0.95)["verdict"]
    assert np.mean(verdicts == Verdict.violated) > 0.5


def test_every_proved_inequality_is_sharp_or_listed_as_not():
    assert {claim.id for claim in PROVED if not claim.sharp} == NOT_SHARP


@parametrised(REFUTED)
def test_refuted_claim_is_refuted_from_more_than_one_seed(claim):
    for seed in (1, 2):
        found = drawn_counterexample(claim, seed)
        assert found is not None
        assert set(measured(claim, relabel(repeated(found)))["verdict"]) == {Verdict.violated}


def relabel(i):
    rolled = eqx.tree_at(
        lambda j: (j.truth, j.weak, j.strong), i, [np.roll(t, 1, -1) for t in (i.truth, i.weak, i.strong)]
    )
    return rolled if i.models is None else eqx.tree_at(lambda j: j.models, rolled, np.roll(i.models, 1, -1))


def along_inputs(i, change):
    """`change` applied to every array that has an axis of inputs."""
    made = jax.tree.map(lambda leaf: change(leaf) if leaf.ndim > 1 else leaf, i)
    if i.models is None:
        return made
    return eqx.tree_at(lambda j: j.models, made, np.swapaxes(change(np.swapaxes(i.models, 1, 2)), 1, 2))


def with_last(i, last, shares):
    """The last input replaced by `last` of the first, and the weight of the first shared between the two."""
    made = along_inputs(i, lambda leaf: np.concatenate([leaf[:, :-1], last(leaf[:, :1])], axis=1))
    weights = i.weights.copy()
    weights[:, [0, -1]] = weights[:, :1] * shares
    return eqx.tree_at(lambda j: j.weights, made, weights)


def last_weightless(i):
    weights = i.weights * (np.arange(i.weights.shape[1]) < i.weights.shape[1] - 1)
    return eqx.tree_at(lambda j: j.weights, i, weights / weights.sum(axis=1, keepdims=True))


def permute(i):
    return along_inputs(i, lambda leaf: leaf[:, ::-1])


def split_first_input(i):
    return with_last(i, lambda first: first, (0.25, 0.75))


def change_weightless_input(i):
    return with_last(i, lambda first: np.roll(first, 1, -1) if first.ndim > 2 else first, (1.0, 0.0))


@parametrised(CLAIMS)
def test_metamorphic_twins_have_the_same_sides(claim):
    """Names of classes, order of inputs, split atoms and weightless inputs are conventions, not facts."""
    world = max((world for world in claim.worlds if world.inputs < 64), key=lambda world: world.inputs)
    assert world.inputs > 1
    batch = last_weightless(sampled(world, 5))
    here = measured(claim, batch)
    for twin in (relabel, permute, split_first_input, change_weightless_input):
        there = measured(claim, twin(batch))
        budget = here["error"] + there["error"]
        for side in ("lhs", "rhs"):
            moved = np.abs(here[side] - there[side])
            assert (moved <= budget).all(), (twin.__name__, side, moved.max(), budget[moved.argmax()])


def relaxed_worlds(claim, hypothesis):
    for world in claim.worlds:
        try:
            yield world.relax(hypothesis)
        except ValueError:
            continue


def broken_in(claim, world, seed):
    """Whether one of 400 draws that do not meet the assumptions breaks the claim."""
    drawn = world.draw(np.random.default_rng(seed), 400)
    for z in np.split(drawn, 400 // BATCH):
        m = measured(claim, decode_batch(world, z))
        unmet = m["verdict"] == Verdict.hypotheses_not_met
        if (m["slack"][unmet] < -m["error"][unmet]).any():
            return True
    return False


SEEDS = (6, 3, *range(3), 4, 5, *range(7, 10))
"""Any order would do; in this one few draws are enough."""


@parametrised([claim for claim in CLAIMS if claim.assumes])
def test_dropping_a_hypothesis_breaks_the_claim(claim):
    for hypothesis in claim.assumes:
        worlds = list(relaxed_worlds(claim, hypothesis.name))
        draws = itertools.product(SEEDS, worlds)
        assert any(broken_in(claim, world, seed) for seed, world in draws), f"{hypothesis.name} is not needed"
