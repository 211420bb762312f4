"""Balls against mpmath and linear programming; enclosures of students against optima of sixty digits."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq

from tests.exact.instances import floats, simplex_rows, weights
from tests.exact.statements import A_LIST, pairs
from tests.oracles import brute_force, high_precision, linear_programs
from w2s_theory.exact import CertificateError, enclose, sealed
from w2s_theory.exact.balls import GENERATORS, balls, between, disagreement, kl_term, log_ratios, precision, x_log_x
from w2s_theory.exact.conditioning import (
    binned_error,
    grouped_error,
    score_conditional_error,
    smooth_error,
    truth_given_row,
)
from w2s_theory.exact.curves import bretagnolle_huber, sharp_curve, sharp_pinsker, uniform_envelope
from w2s_theory.exact.envelopes import instance_envelope, label_free_range
from w2s_theory.exact.heads import _Objective, global_minimisers
from w2s_theory.exact.instance import read_instance
from w2s_theory.exact.rationals import decimal, enclosing_decimals, rational, rounded_down
from w2s_theory.exact.students import Training, optimal_students

mpmath.mp.dps = 60


@pytest.fixture(autouse=True)
def _many_bits():
    with precision():
        yield


def close(ball: arb, value: float | mpmath.mpf, relative: float = 1e-20) -> bool:
    """Whether a ball is this narrow, and this near to a number."""
    middle = mpmath.mpf(ball.mid().str(50, radius=False))
    return float(ball.rad()) <= relative * abs(value) and abs(middle - value) <= relative * abs(value)


def inside(ball: arb, value: mpmath.mpf) -> bool:
    """Whether a ball contains a number that is known to some twenty digits."""
    return ball.overlaps(arb(mpmath.nstr(value, 40), "1e-20"))


@pytest.mark.parametrize("d", [1e-24, 1e-9, 0.01, 0.427534263, 2.3, 4.0])
def test_sharp_pinsker_is_that_of_mpmath(d):
    assert close(sharp_pinsker(arb(d)), high_precision.sharp_pinsker_tv(d))


def test_sharp_pinsker_at_zero_and_of_wide_balls():
    assert sharp_pinsker(arb(0)).is_zero() or sharp_pinsker(arb(0)).contains(0)
    wide = sharp_pinsker(between(arb("0.1"), arb("0.2")))
    assert all(inside(wide, high_precision.sharp_pinsker_tv(d)) for d in (0.1, 0.15, 0.2))
    tv, kl = sharp_curve(arb(1))
    assert abs(float(tv) - 0.451004455) < 1e-9
    assert abs(float(kl) - 0.427534263) < 1e-9


@pytest.mark.parametrize("d", [1e-20, 1e-3, 0.2, 3.0])
@pytest.mark.parametrize(("floor", "classes"), [(0.01, 2), (0.25, 3), (1e-4, 5)])
def test_uniform_envelope_is_that_of_mpmath(d, floor, classes):
    up = uniform_envelope(arb(d), arb(floor), classes, rising=True)
    down = uniform_envelope(arb(d), arb(floor), classes, rising=False)
    assert close(up, high_precision.uniform_envelope_upper(d, floor, classes), 1e-15)
    assert close(down, high_precision.uniform_envelope_lower(d, floor, classes), 1e-15)


@pytest.mark.parametrize("step", [1e-3, 1e-9, 1e-12])
def test_divergences_keep_their_digits_near_equality(step):
    p, q = [0.25, 0.75], [0.25 + step, 0.75 - step]
    exact = [balls([[fmpq(*v.as_integer_ratio()) for v in row]]) for row in (p, q)]
    assert close(disagreement([arb(1)], *exact), high_precision.kl_divergence(p, q))


def test_terms_at_zero():
    assert kl_term(arb(0), arb("0.5")) == arb("0.5")
    assert not kl_term(arb("0.5"), arb(0)).is_finite()
    around_zero = x_log_x(between(arb(0), arb("0.9")))
    assert all(inside(around_zero, mpmath.mpf(x) * mpmath.log(x)) for x in ("1e-9", "0.1", "0.36", "0.5", "0.9"))


@pytest.mark.parametrize("excess", ["1e-18", "1e-3", "0.7", "40"])
def test_log_ratios_contain_both_ends(excess):
    """The ends solve e^v - 1 - v = c; the enclosure is not much wider than they are."""
    c, found = mpmath.mpf(excess), log_ratios(arb(excess))
    high = mpmath.findroot(lambda v: mpmath.expm1(v) - v - c, mpmath.log(1 + mpmath.sqrt(2 * c) + c))
    low = -mpmath.findroot(lambda s: mpmath.expm1(-s) + s - c, mpmath.sqrt(2 * c) + c)
    assert inside(found, high)
    assert inside(found, low)
    assert high > 0 > low
    assert float(found.lower()) > 1.2 * float(low) - 1e-3 * float(c)


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("c", [1e-12, 0.01, 0.5])
def test_neighbourhoods_of_a_divergence_contain_all_of_it(name, c):
    phi, middle = GENERATORS[name], arb("0.3")
    after, before = phi.after(middle, arb(c)), phi.before(middle, arb(c))
    for exponent in [*(np.linspace(-2.5, 2.5, 41) * math.sqrt(c)), -30.0]:
        other = middle * arb(float(exponent)).exp()
        assert not phi.term(middle, other) <= c or after.overlaps(other)
        assert not phi.term(other, middle) <= c or before.overlaps(other)
    assert float(after.rad()) < 8 * math.sqrt(c)


def test_smooth_calibration_is_the_linear_programme():
    rng = np.random.default_rng(5)
    for inputs in (1, 2, 3, 6, 9):
        for coarse in (4, 60):
            scores, labels = rng.integers(0, coarse + 1, (2, inputs))
            mass = rng.integers(1, 9, inputs)
            given = [fmpq(int(w), int(mass.sum())) for w in mass]
            model, truth = (
                [[fmpq(int(s), coarse), 1 - fmpq(int(s), coarse)] for s in values] for values in (scores, labels)
            )
            as_floats = (np.array([[float(v.p) / float(v.q) for v in row] for row in t]) for t in (truth, model))
            expected = linear_programs.smooth_calibration_error(mass / mass.sum(), *as_floats)
            found = smooth_error(given, truth, model)
            assert abs(float(found.p) / float(found.q) - expected) < 1e-9


def test_sharp_pinsker_far_out():
    """V* is beneath the bound of Bretagnolle and Huber, and tends to 1 as they do."""
    for d in (12.0, 40.0):
        assert sharp_pinsker(arb(d)) < bretagnolle_huber(arb(d)) < 1
        assert 1 - sharp_pinsker(arb(d)) < 2 * arb(-d).exp()


def bin_of(model: list):
    """The bin (lo, hi] of a score, the first one closed, with exact edges."""
    return lambda x, i: next(b for b in range(15) if model[x][i] <= Fraction(b + 1, 15))


def test_calibration_errors_are_those_of_brute_force():
    """Scores are multiples of 1/30, so that many lie on edges of the 15 bins, and many are tied."""
    rng = np.random.default_rng(3)
    for inputs in (1, 4, 12):
        mass, truth, model = rng.integers(1, 9, inputs), *rng.multinomial(30, [0.2, 0.3, 0.5], (2, inputs))
        groups = [int(g) for g in rng.integers(0, 3, inputs)]
        tables = [[[Fraction(int(s), 30) for s in row] for row in counts] for counts in (truth, model)]
        shares = [Fraction(int(w), int(mass.sum())) for w in mass]
        given = [fmpq(w.numerator, w.denominator) for w in shares]
        exact = [[[fmpq(v.numerator, v.denominator) for v in row] for row in t] for t in tables]
        for found, expected in (
            (score_conditional_error(given, *exact), brute_force.marginal_calibration_error(shares, *tables)),
            (binned_error(given, *exact), brute_force._class_wise(shares, *tables, bin_of(tables[1]))),
            (grouped_error(given, *exact, groups), brute_force.group_calibration_error(shares, *tables, groups)),
        ):
            assert Fraction(int(found.p), int(found.q)) == expected
        rows = truth_given_row(given, *exact)
        assert [[Fraction(int(v.p), int(v.q)) for v in row] for row in rows] == brute_force.truth_given_row(
            shares, *tables
        )


def random_tables(seed: int, classes: int = 3) -> dict:
    rng = np.random.default_rng(seed)
    made = {role: simplex_rows(rng, 3, classes) for role in ("truth", "weak", "strong")}
    return made | {"weights": weights(rng, 3)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("d", [1e-12, 1e-3, 0.05])
def test_instance_envelope_is_that_of_mpmath(seed, d):
    given = random_tables(seed)
    i, tables = read_instance(given, {}), floats(given)
    arguments = (tables.weights, tables.truth, tables.weak, d)
    worst, best = high_precision.worst_change(*arguments), high_precision.best_change(*arguments)
    assert close(instance_envelope(i, arb(d), rising=True), worst, 1e-9)
    assert close(instance_envelope(i, arb(d), rising=False), -best, 1e-9)


def test_instance_envelope_of_a_wide_ball_contains_all_of_it():
    given = random_tables(0)
    i, tables = read_instance(given, {}), floats(given)
    up, down = (instance_envelope(i, between(arb("0.04"), arb("0.05")), rising=rising) for rising in (True, False))
    for d in (0.04, 0.045, 0.05):
        arguments = (tables.weights, tables.truth, tables.weak, d)
        assert float(up.lower()) <= high_precision.worst_change(*arguments) + 1e-9 <= float(up.upper()) + 2e-9
        assert float(down.lower()) <= 1e-9 - high_precision.best_change(*arguments) <= float(down.upper()) + 2e-9


@pytest.mark.parametrize("seed", range(6))
def test_label_free_range_is_the_linear_programme(seed):
    given = random_tables(seed)
    if seed == 5:
        given["truth"] = [["0", "0", "1"]] * 3
    i, tables = read_instance(given, {}), floats(given)
    weak_loss = -np.sum(tables.weights[:, None] * tables.truth * np.log(tables.weak))
    low, high = linear_programs.label_free_range(tables.weights, tables.weak, tables.strong, weak_loss)
    nothing = arb(-100)
    up, down = (label_free_range(i, i.strong.balls, nothing, rising=rising) for rising in (True, False))
    assert abs(float(up.upper()) - (high - weak_loss)) < 1e-7
    assert abs(float(down.upper()) - (weak_loss - low)) < 1e-7
    assert close(up, high - weak_loss, 1e-7)
    assert close(down, weak_loss - low, 1e-7)


def mp_rows(rows: list[list[str]]) -> list[list[mpmath.mpf]]:
    return [[mpmath.mpf(int(Fraction(v).numerator)) / Fraction(v).denominator for v in row] for row in rows]


def least(function, low, high) -> mpmath.mpf:
    """Where a function that falls and then rises is least, to about thirty digits."""
    low, high = mpmath.mpf(low), mpmath.mpf(high)
    for _ in range(220):
        third = (high - low) / 3
        low, high = (low, high - third) if function(low + third) < function(high - third) else (low + third, high)
    return (low + high) / 2


def mp_term(name: str, a: mpmath.mpf, b: mpmath.mpf) -> mpmath.mpf:
    match name:
        case "kl":
            return a * mpmath.log(a / b) - a + b
        case "squared":
            return (a - b) ** 2
    return a / b - 1 - mpmath.log(a / b)


def mp_mixture(a: mpmath.mpf, given: dict, dual: str) -> list[list[mpmath.mpf]]:
    first, second = (mp_rows(model) for model in given["models"])
    to, back = {
        "kl": (mpmath.log, mpmath.exp),
        "itakura-saito": (lambda x: 1 / x, lambda u: 1 / u),
        "": (lambda x: x, lambda x: x),
    }[dual]
    rows = [
        [back(a * to(x) + (1 - a) * to(y)) for x, y in zip(p, q, strict=True)]
        for p, q in zip(first, second, strict=True)
    ]
    return [[v / sum(row) for v in row] for row in rows] if given.get("kind") != "positive" else rows


HULLS = [
    (Training("reverse", "mixture"), "simplex", "kl"),
    (Training("forward", "mixture"), "simplex", "kl"),
    (Training("reverse", "mixture", "squared"), "simplex", "squared"),
    (Training("reverse", "mixture", "bregman"), "positive", "itakura-saito"),
    (Training("reverse", "mixture", "bregman"), "positive", "kl"),
    (Training("forward", "exponential"), "simplex", "kl"),
    (Training("forward", "exponential", "bregman"), "positive", "itakura-saito"),
]


@pytest.mark.parametrize(("training", "kind", "generator"), HULLS)
@pytest.mark.parametrize("seed", [0, 1])
def test_students_of_a_hull_are_enclosed(training, kind, generator, seed):
    """Whatever member is given, the enclosure around it contains the optimum; a good one gives a narrow one."""
    given = random_tables(seed) | {"kind": kind, "generator": generator}
    rng = np.random.default_rng(seed)
    given["models"] = [simplex_rows(rng, 3, 3) for _ in range(2)]
    dual = training.family == "exponential" and generator != "squared"
    target, mass = mp_rows(given["weak"]), mp_rows([given["weights"]])[0]

    def objective(a: mpmath.mpf) -> mpmath.mpf:
        rows = mp_mixture(a, given, generator if dual else "")
        return sum(
            w
            * sum(
                mp_term(generator, *((x, y) if training.direction == "reverse" else (y, x)))
                for x, y in zip(p, q, strict=True)
            )
            for w, p, q in zip(mass, rows, target, strict=True)
        )

    share = least(objective, 0, 1)
    best, value = mp_mixture(share, given, generator if dual else ""), objective(share)
    for distance in ("0", "1e-9", "1e-4", "0.2"):
        moved = share + mpmath.mpf(distance) * (1 if share < 0.5 else -1)
        near = Fraction(mpmath.nstr(mpmath.mpf(min(max(moved, 0), 1)), 40))
        form = "dual_mixture" if dual else "mixture"
        given["truth"] = given["strong"] = {form: [str(near), str(1 - near)]}
        i = read_instance(given, {})
        (student,) = optimal_students(i, training, i.strong, i.weak)
        for balls_of_row, row in zip(student.table, best, strict=True):
            assert all(inside(ball, entry) for ball, entry in zip(balls_of_row, row, strict=True))
        assert inside(student.objective, value)
        width = max(float(ball.rad()) for row in student.table for ball in row)
        assert width <= 20 * max(float(mpmath.mpf(distance)) ** 0.5, 1e-12)


def mp_head(t: mpmath.mpf, features: list) -> list[list[mpmath.mpf]]:
    scores = [1 / (1 + mpmath.exp(-2 * t * h)) for (h,) in features]
    return [[p, 1 - p] for p in scores]


@pytest.mark.parametrize("radius", ["1/2", "6"])
@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("seed", range(4))
def test_heads_are_enclosed(direction, radius, seed):
    """On one feature and two classes heads are θ = (t, -t), |t| ≤ radius/√2; a grid finds the basin of the optimum."""
    rng = np.random.default_rng(seed)
    given = {"weights": weights(rng, 3), "weak": simplex_rows(rng, 3, 2), "radius": radius}
    if seed == 3:
        given |= {"weights": ["1/10", "2/5", "1/2"], "weak": pairs("1/2", "9/10", "17/20")}
    given["features"] = [[str(Fraction(int(v), 10))] for v in rng.integers(-40, 40, 3)]
    features, target, mass = mp_rows(given["features"]), mp_rows(given["weak"]), mp_rows([given["weights"]])[0]

    def objective(t: mpmath.mpf) -> mpmath.mpf:
        return sum(
            w * sum(mp_term("kl", *((x, y) if direction == "reverse" else (y, x))) for x, y in zip(p, q, strict=True))
            for w, p, q in zip(mass, mp_head(t, features), target, strict=True)
        )

    end = mpmath.mpf(Fraction(radius).numerator) / Fraction(radius).denominator / mpmath.sqrt(2)
    grid = [end * j / 200 for j in range(-200, 201)]
    with mpmath.workdps(15):
        start = min(range(401), key=lambda j: objective(grid[j]))
    t = least(objective, grid[max(start - 1, 0)], grid[min(start + 1, 400)])
    near = str(Fraction(mpmath.nstr(t * (1 - mpmath.mpf("1e-14")), 40)))
    given["truth"] = given["strong"] = {"head": [[near, str(-Fraction(near))]]}
    i = read_instance(given, {})
    (student,) = optimal_students(i, Training(direction, "exponential"), i.strong, i.weak)
    for balls_of_row, row in zip(student.table, mp_head(t, features), strict=True):
        pairs_of_entries = zip(balls_of_row, row, strict=True)
        assert all(inside(ball, entry) and float(ball.rad()) < 1e-4 for ball, entry in pairs_of_entries)
    assert inside(student.objective, objective(t))


def test_every_global_minimiser_is_kept():
    """The double well (s² - 1/4)² has two, the tilted one has one."""

    def well(tilt: arb) -> _Objective:
        def value(s: arb) -> arb:
            return (s * s - arb("0.25")) * (s * s - arb("0.25")) + tilt * s

        return _Objective(
            lambda low, high: value(between(low, high)).lower(),
            value,
            lambda s: 4 * s * (s * s - arb("0.25")) + tilt,
            lambda s: 12 * s * s - 1,
        )

    left, right = global_minimisers(well(arb(0)))
    assert between(*left).contains(arb("-0.5"))
    assert between(*right).contains(arb("0.5"))
    ((low, high),) = global_minimisers(well(arb("0.001")))
    assert high < 0
    assert high - low < arb(2) ** -50


def test_a_tie_is_decided_in_favour_of_nobody():
    """Two members of the list are equally good, and the claim fails for one of them only: nothing is certified."""
    tie = A_LIST | {"models": [pairs("1/10"), pairs("9/10")]}
    for strong in (0, 1):
        with pytest.raises(CertificateError, match="not certainly positive"):
            sealed(
                claim="gain-reverse-mixture-risk",
                dropped="mixture_convex",
                factor="1",
                instance=tie | {"strong": {"model": strong}},
            )


def test_least_squares_are_exact():
    """Weighted mean of the weak model: the student 7/4 has distance 3/16 from it, at sigma2 1/2."""
    given = {
        "kind": "real",
        "weights": ["3/4", "1/4"],
        "weak": [["2"], ["1"]],
        "features": [["1"], ["1"]],
        "truth": {"head": [["1"]]},
        "strong": {"head": [["0"]]},
    }
    sides = enclose("gain-squared", None, "1", given)
    assert sides.lhs.contains(fmpq(9, 16)) and sides.bound.contains(fmpq(3, 16)) and sides.rhs.contains(fmpq(9, 16))
    with pytest.raises(CertificateError, match="linearly dependent"):
        enclose("gain-squared", None, "1", given | {"features": [["0"], ["0"]]})


@pytest.mark.parametrize("text", ["0.1", "-3.25e-7", "1E+3", "123456789.000000001"])
def test_decimals_are_read_exactly_and_enclose(text):
    value = decimal(text, "here")
    assert Fraction(int(value.p), int(value.q)) == Fraction(text)
    low, high = (decimal(end, "here") for end in enclosing_decimals(arb(value)))
    assert low <= value <= high
    assert high - low <= abs(value) / 10**15


def test_rounding_down():
    assert rounded_down(fmpq(12399, 10**6), 2) == fmpq(12, 1000)
    assert rounded_down(fmpq(1, 3), 2) == fmpq(33, 100)
    assert rounded_down(fmpq(99999), 2) == fmpq(99000)
    for bad in ("0.5", "1/0", "", "1e3", " 1", "1/-2", 1, None, "١"):
        with pytest.raises(CertificateError, match="field here"):
            rational(bad, "here")
