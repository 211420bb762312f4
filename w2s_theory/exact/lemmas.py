"""Sides of the lemmas; p = weak, q = strong, averaged over the inputs."""

from collections.abc import Callable, Sequence

from flint import arb

from w2s_theory.exact.balls import (
    GENERATORS,
    disagreement,
    expectation,
    largest,
    log_ratio,
    mean_of_terms,
    root,
    smallest,
    square,
    squared_hellinger,
    total,
    total_variation,
)
from w2s_theory.exact.conditioning import score_conditional_error, smooth_error
from w2s_theory.exact.curves import bretagnolle_huber, log_ratio_constant, pinsker, sharp_pinsker
from w2s_theory.exact.rules import Case, Relation, Rule

Row = Sequence[arb]


def _mean(case: Case, of_rows: Callable[..., arb]) -> arb:
    """E of a function of the weak and the strong row."""
    return expectation(case.weights, map(of_rows, case.weak, case.strong))


def _variation_below(curve: Callable[[arb], arb]) -> Callable[[Case], Relation]:
    return lambda case: Relation(_mean(case, total_variation), curve(case.forward))


def _donsker_varadhan(case: Case) -> Relation:
    def excess(truth: Row, weak: Row, strong: Row) -> arb:
        g = [log_ratio(t, q) for t, q in zip(truth, strong, strict=True)]
        tilted = total(q * v.exp() for q, v in zip(strong, g, strict=True))
        return total(p * v for p, v in zip(weak, g, strict=True)) - tilted.log()

    return Relation(expectation(case.weights, map(excess, case.truth, case.weak, case.strong)), case.forward)


def _hoeffding(case: Case) -> Relation:
    def cumulant(weak: Row, strong: Row) -> arb:
        mean = total(p * z for p, z in zip(weak, strong, strict=True))
        return total(p * (z - mean).exp() for p, z in zip(weak, strong, strict=True)).log()

    widest = expectation(case.weights, (square(largest(q) - smallest(q)) / 8 for q in case.strong))
    return Relation(_mean(case, cumulant), widest)


def _data_processing(case: Case) -> Relation:
    p, q = ([expectation(case.weights, column) for column in zip(*t, strict=True)] for t in (case.weak, case.strong))
    return Relation(disagreement([arb(1)], [p], [q]), case.forward)


def _three_point(case: Case) -> Relation:
    phi = GENERATORS[case.i.generator]
    a, b, c = case.truth, case.weak, case.strong
    ab, bc, ac = (mean_of_terms(case.weights, phi.term, x, y) for x, y in ((a, b), (b, c), (a, c)))

    def cross(p: Row, q: Row, r: Row) -> arb:
        return total((x - y) * (phi.slope(y) - phi.slope(z)) for x, y, z in zip(p, q, r, strict=True))

    return Relation(ac, ab + bc + expectation(case.weights, map(cross, a, b, c)))


def _hellinger_root(p: Row, q: Row) -> arb:
    square = squared_hellinger(p, q)
    return root(square) * root(2 - square)


def _largest_log_ratio(p: Row, q: Row) -> arb:
    return largest(abs(log_ratio(a, b)) for a, b in zip(p, q, strict=True))


def _smooth_below_marginal(case: Case) -> Relation:
    tables = case.i.weights, case.i.rational("truth"), case.i.rational("strong")
    return Relation(arb(smooth_error(*tables)), arb(score_conditional_error(*tables) / 2))


LEMMAS = {
    "pinsker": Rule(_variation_below(pinsker)),
    "bretagnolle-huber": Rule(_variation_below(bretagnolle_huber)),
    "sharp-pinsker": Rule(_variation_below(sharp_pinsker)),
    "donsker-varadhan": Rule(_donsker_varadhan, domain=("positive rows",)),
    "hoeffding-lemma": Rule(_hoeffding),
    "data-processing": Rule(_data_processing),
    "three-point": Rule(
        _three_point, domain=("positive rows",), kinds=("simplex", "positive", "density"), identity=True
    ),
    "hellinger-tv-lower": Rule(lambda c: Relation(_mean(c, squared_hellinger), _mean(c, total_variation))),
    "hellinger-tv-upper": Rule(lambda c: Relation(_mean(c, total_variation), _mean(c, _hellinger_root))),
    "floored-log-ratio": Rule(
        lambda c: Relation(_mean(c, _largest_log_ratio), log_ratio_constant(c.floor) * root(c.forward)),
        assumes=("floor",),
    ),
    "smooth-below-marginal": Rule(_smooth_below_marginal, domain=("binary",)),
}
"""The rules of the lemmas by claim id."""
