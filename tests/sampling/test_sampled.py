"""Claims on samples: the same sides as the catalogue, intervals that cover, verdicts that agree with quadrature."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from w2s_theory.catalogue import CLAIMS, find_claim
from w2s_theory.claim import Status
from w2s_theory.errors import InputError
from w2s_theory.instance import Conditioning
from w2s_theory.verdict import Verdict
from w2s_theory.verification import by_rule as by_rule_module
from w2s_theory.verification import sampled as sampling
from w2s_theory.verification.by_rule import verify_by_rule
from w2s_theory.verification.confidence import Interval
from w2s_theory.verification.evaluation import evaluate_claim, measure
from w2s_theory.verification.sampled import pilot_multipliers, sample_means, sampled_outcomes
from w2s_theory.verification.sampled_sides import SAMPLED, Setting, convex_minimum, statistics
from w2s_theory.worlds.gaussian_scores import GaussianScores, logistic_rows
from w2s_theory.worlds.population import Models, Population
from w2s_theory.worlds.populations import POPULATIONS

SCORES = next(p for p in POPULATIONS if isinstance(p, GaussianScores))
UNFLOORED_CLASSES = POPULATIONS[-1]


class HiddenMiscalibration(Population):
    """A teacher that says one half everywhere, and a student that barely differs but tells the inputs apart."""

    @property
    def dimension(self):
        return 1

    def points(self, uniform):
        return ndtri(uniform)

    def models(self, points):
        side = jnp.where(points[:, 0] > 0, 1.0, -1.0)
        truth, half = logistic_rows(2.0 * side), logistic_rows(0.0 * side)
        return Models(truth, half, logistic_rows(0.004 * side), Conditioning(half, truth, truth))


def setting_of(population, classes, multipliers=None):
    return Setting(float(population.floor), classes, float(population.noise or np.sqrt(0.5)), multipliers)


@pytest.mark.parametrize("number", range(len(POPULATIONS)))
def test_every_side_is_that_of_the_catalogue_on_the_same_atoms(x64, number):
    population = POPULATIONS[number]
    points = population.points(np.random.default_rng(0).random((500, population.dimension)))
    instance = population.sampled_instance(points)
    multipliers = pilot_multipliers(population, 0)
    means = {name: float(jnp.mean(v)) for name, v in statistics(instance, multipliers).items()}
    intervals = {name: Interval(value, value) for name, value in means.items()}
    setting, asked = setting_of(population, instance.truth.shape[-1], multipliers), 0
    for name, sampled in SAMPLED.items():
        claim = find_claim(name)
        if population.kind not in claim.kinds or not set(sampled.needs) <= set(means):
            continue
        if sampled.floored and population.floor <= 0:
            continue
        found = measure(claim, instance)
        slack, lhs = sampled.slack(intervals, setting), sampled.lhs(intervals, setting)
        tolerance = 1e-9 * (1 + abs(float(found.lhs)))
        assert slack.low - tolerance <= float(found.slack) <= slack.high + tolerance, name
        if not any("worst" in need or "upper" in need for need in sampled.needs):
            assert slack.high - slack.low <= tolerance, name
        if not claim.identity:
            assert lhs.low == pytest.approx(float(found.lhs), abs=tolerance), name
        asked += 1
    assert asked >= (1 if population.kind == "real" else 6)


def test_intervals_of_slack_cover_as_often_as_they_say(x64, monkeypatch):
    monkeypatch.setattr(sampling, "_PILOT", 2_000)  # it only chooses multipliers, and coverage may not depend on them
    measured = {
        name: evaluate_claim(find_claim(name), SCORES.instance(SCORES.quadrature())).slack
        for name in ("generalization-forward", "sharp-pinsker", "risk-controls-calibration", "generalization-squared")
    }
    covered, width = dict.fromkeys(measured, 0), []
    replications = 150
    for seed in range(replications):
        means, multipliers = sample_means(SCORES, 2_000, seed=seed)
        for name, slack in measured.items():
            found = SAMPLED[name].slack(means.joint(0.1, SAMPLED[name].needs), setting_of(SCORES, 2, multipliers))
            covered[name] += found.low <= slack <= found.high
            width.append(found.high - found.low)
    for name, times in covered.items():
        assert stats.binomtest(times, replications, 0.9, alternative="less").pvalue > 1e-4, name
    assert np.mean(width) < 0.2


@pytest.fixture(scope="module")
def by_rule():
    on_means = [claim for claim in CLAIMS if claim.id in SAMPLED]
    return {rule: verify_by_rule(on_means, POPULATIONS, rule, samples=40_000) for rule in ("quadrature", "monte-carlo")}


@pytest.mark.xdist_group("claims by rule")
def test_no_verdict_of_monte_carlo_contradicts_quadrature(by_rule):
    decided = {Verdict.holds: 1, Verdict.tight: 1, Verdict.violated: -1}
    both = 0
    for exact, drawn in zip(by_rule["quadrature"], by_rule["monte-carlo"], strict=True):
        assert exact.passed and drawn.passed
        assert drawn.verdict in ("holds", "unresolved")
        for a, b in zip(exact.outcomes, drawn.outcomes, strict=True):
            if a.verdict in decided and b.verdict in decided:
                assert decided[a.verdict] == decided[b.verdict], (exact.id, a.population)
                # the interval contains what quadrature says, and its own estimate
                assert b.slack.low - 1e-9 <= (a.slack.low + a.slack.high) / 2 <= b.slack.high + 1e-9, exact.id
                both += 1
    assert both > 60


@pytest.mark.xdist_group("claims by rule")
def test_proved_claims_on_means_are_decided_somewhere(by_rule):
    rows = {row.id: row for row in by_rule["monte-carlo"]}
    undecided = [name for name in SAMPLED if find_claim(name).status is Status.proved and not rows[name].instances]
    assert undecided == []


@pytest.mark.xdist_group("claims by rule")
def test_what_is_not_decided_says_why(by_rule):
    for rows in by_rule.values():
        for row in rows:
            for outcome in row.outcomes:
                if outcome.verdict in (Verdict.unresolved, Verdict.hypotheses_not_met):
                    assert outcome.reason or outcome.needed or outcome.slack.low == -np.inf, (
                        row.id,
                        outcome.population,
                    )


def test_a_false_claim_is_violated_on_samples():
    claims = [find_claim("calibration-score-conditional"), find_claim("calibration-sharp")]
    conditional, sharp = sampled_outcomes(claims, HiddenMiscalibration(), 20_000)
    assert conditional.verdict is Verdict.violated and conditional.slack.high < 0 and conditional.p_value < 1e-6
    assert conditional.lhs == pytest.approx(0.76, abs=0.01)
    assert sharp.verdict is Verdict.hypotheses_not_met and "score_sufficient" in sharp.reason
    assert verify_by_rule(claims[:1], [HiddenMiscalibration()], "monte-carlo", samples=20_000)[0].verdict == "refuted"


def test_a_calibrated_teacher_is_not_reported_as_miscalibrated(x64):
    means, _ = sample_means(UNFLOORED_CLASSES, 5_000)
    assert means.mean("weak calibration") == 0.0
    bare = UNFLOORED_CLASSES.sampled_instance(
        UNFLOORED_CLASSES.points(np.random.default_rng(0).random((4_000, UNFLOORED_CLASSES.dimension)))
    )
    stripped = type(bare)(bare.weights, bare.truth, bare.weak, bare.strong, bare.floor, provenance=bare.provenance)
    for name in ("calibration-score-conditional", "calibration-sharp-common", "calibration-refinement"):
        assert evaluate_claim(find_claim(name), stripped).verdict is Verdict.unresolved


def test_antithetic_and_sobol_draws_are_sharper_than_plain_ones():
    widths = {}
    for draws in ("plain", "antithetic", "sobol"):
        means, _ = sample_means(SCORES, 65_536, draws=draws)
        interval = means.interval("gap", 1e-4)
        exact = evaluate_claim(find_claim("risk-decomposition"), SCORES.instance(SCORES.quadrature())).lhs
        assert interval.low <= exact <= interval.high
        widths[draws] = interval.high - interval.low
    assert widths["sobol"] < 0.1 * widths["plain"] and widths["antithetic"] < widths["plain"]


@pytest.mark.filterwarnings("ignore:The balance properties of Sobol")  # a power of two would fill the blocks
@pytest.mark.parametrize(
    ("draws", "region", "samples"),
    [
        ("plain", "clt", 1_300),
        ("antithetic", "clt", 1_300),
        ("sobol", "clt", 16 * 700),
        ("plain", "betting", 1_300),
    ],
)
def test_how_draws_are_cut_into_blocks_changes_nothing(monkeypatch, draws, region, samples):
    """The last block is short, and padded."""
    at_once, _ = sample_means(SCORES, samples, draws=draws, region=region)
    monkeypatch.setattr(sampling, "_BLOCK", 512)
    in_blocks, _ = sample_means(SCORES, samples, draws=draws, region=region)
    assert in_blocks.count == at_once.count
    for name in at_once.ranges:
        assert in_blocks.mean(name) == pytest.approx(at_once.mean(name), rel=1e-11, abs=1e-15), name
        # of sixteen scrambles the deviation is that of means that nearly agree
        assert in_blocks.deviation(name) == pytest.approx(at_once.deviation(name), rel=1e-9, abs=1e-14), name


def test_betting_stops_when_the_verdict_is_clear():
    def clear(means):
        return means.interval("total variation", 0.01).high < 0.2

    means, _ = sample_means(SCORES, 2_000_000, region="betting", stop=clear)
    assert means.count < 400_000
    interval = means.interval("total variation", 0.01)
    exact = evaluate_claim(find_claim("sharp-pinsker"), SCORES.instance(SCORES.quadrature())).lhs
    assert interval.low < exact < interval.high < 0.2


@pytest.mark.parametrize("region", ["hoeffding", "empirical-bernstein"])
def test_bounded_regions_decide_too_and_are_wider(region):
    claims = [find_claim("hellinger-tv-lower")]
    wide = sampled_outcomes(claims, SCORES, 100_000, region=region)[0]
    narrow = sampled_outcomes(claims, SCORES, 100_000)[0]
    assert wide.verdict is Verdict.holds
    assert wide.slack.low < narrow.slack.low and narrow.slack.high < wide.slack.high


def test_too_few_samples_are_unresolved_and_say_how_many_would_do():
    few = sampled_outcomes([find_claim("sharp-pinsker")], SCORES, 60)[0]
    assert few.verdict is Verdict.unresolved and few.needed > 60
    enough = sampled_outcomes([find_claim("sharp-pinsker")], SCORES, 4 * few.needed)[0]
    assert enough.verdict is Verdict.holds


def around(value, spread=0.0):
    return Interval(value - spread, value + spread)


def test_a_convex_minimum_is_bracketed():
    rng = np.random.default_rng(0)
    for _ in range(200):
        at, bend, height = rng.uniform(0.5, 3), rng.uniform(0.1, 5), rng.normal()
        a, b = at * rng.uniform(0, 0.99), at * rng.uniform(1.01, 2)

        def f(x, at=at, bend=bend, height=height):
            return bend * (x - at) ** 2 + height

        spread = rng.uniform(0, 0.01)
        ends = functools.partial(around, spread=spread)
        slopes = [ends(2 * bend * (x - at)) for x in (a, b)]
        found = convex_minimum((a, b), [ends(f(a)), ends(f(b))], slopes)
        assert found.low <= height <= found.high
        if slopes[0].high < 0 < slopes[1].low:
            assert np.isfinite(found.low)
    assert convex_minimum((1.0, 2.0), [around(1.0), around(2.0)], [around(1.0), around(1.0)]).low == -np.inf


class Liar(HiddenMiscalibration):
    """Says that its models keep to a floor that they do not keep to."""

    @property
    def floor(self):
        return 0.4


def test_a_population_that_breaks_its_floor_is_caught():
    liar = Liar()
    with pytest.raises(InputError, match="outside what the population's floor allows"):
        sample_means(Unfloored(liar), 1_000)


class Unfloored(Population):
    """A student of the score itself, under the floor that another population promises."""

    promised: Population

    @property
    def dimension(self):
        return 1

    @property
    def floor(self):
        return self.promised.floor

    def points(self, uniform):
        return ndtri(uniform)

    def models(self, points):
        rows = logistic_rows(3.0 * points)
        return Models(rows, logistic_rows(points), rows)


def test_where_the_sign_of_the_difference_is_open_the_slack_may_be_on_either_side():
    setting = Setting(0.01, 2, 1.0, None)
    means = {"gap": Interval(-0.01, 0.02), "forward": Interval(0.1, 0.1)}
    found = SAMPLED["generalization-uniform-envelope"].slack(means, setting)
    for gap in (-0.01, 0.0, 0.02):
        sides = SAMPLED["generalization-uniform-envelope"].slack(means | {"gap": Interval(gap, gap)}, setting)
        assert found.low <= sides.low <= sides.high <= found.high


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"samples": 0}, "at least two samples, not 0"),
        ({"level": 1.0}, "level 1 is not strictly between 0 and 1"),
        ({"draws": "antithetic", "samples": 101}, "101 is not a number of them"),
        ({"draws": "lattice"}, "draws 'lattice' is not one of plain, antithetic, sobol"),
        ({"region": "bootstrap"}, "region 'bootstrap' is not one of"),
        ({"draws": "sobol", "region": "hoeffding"}, "use clt"),
        ({"rule": "romberg"}, "rule 'romberg' is not one of exact, quadrature, monte-carlo"),
        ({"rule": "exact"}, "no exact measure; ask for quadrature or monte-carlo"),
    ],
)
def test_unusable_questions_are_refused(options, sentence):
    options = {"rule": "monte-carlo", "samples": 100} | options
    with pytest.raises(InputError, match=sentence):
        verify_by_rule([find_claim("pinsker")], [SCORES], options.pop("rule"), **options)


def test_weightless_copies_change_no_side(x64):
    """Populations are padded to share compiled code."""
    atoms = SCORES.instance(SCORES.quadrature())
    heaviest = int(np.argmax(atoms.weights))  # the first is copied, and weighs next to nothing
    instance = jax.tree.map(lambda leaf: np.roll(leaf, -heaviest, axis=0) if np.ndim(leaf) else leaf, atoms)
    longer = by_rule_module._padded(instance)
    assert len(longer.weights) > len(instance.weights)
    claims = tuple(claim for claim in CLAIMS if claim.id in SAMPLED and claim.outside_domain(instance) is None)
    plain, padded = (by_rule_module._measured(claims)(given) for given in (instance, longer))
    assert plain.keys() == padded.keys() and len(plain) > 10
    for name, one in plain.items():
        other = padded[name]
        budget = float(one.error) + float(other.error)
        assert float(other.lhs) == pytest.approx(float(one.lhs), abs=budget), name
        assert float(other.rhs) == pytest.approx(float(one.rhs), abs=budget), name
        assert float(other.error) <= 2.0 * float(one.error)
