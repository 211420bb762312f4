"""Branch and bound in one variable keeps every global minimiser, whatever floats can tell apart."""

from flint import arb, fmpq

from w2s_theory.exact.balls import precision
from w2s_theory.exact.heads import _joined, _Objective, global_minimisers


def test_minimisers_closer_together_than_floats_are_all_kept():
    """(s - c)^4 is too flat for Newton's method; c lies below 1/2 by less than the spacing of floats there."""
    c = fmpq(1, 2) - fmpq(1, 2**100)
    with precision():
        ball = arb(c)
        quartic = _Objective(
            least=lambda low, high: arb(0),
            value=lambda s: (s - ball) ** 4,
            slope=lambda s: 4 * (s - ball) ** 3,
            curvature=lambda s: 12 * (s - ball) ** 2,
        )
        found = global_minimisers(quartic)
        assert any(low.mid().fmpq() <= c <= high.mid().fmpq() for low, high in found)
        e = arb(2) ** -58
        half = arb(1) / 2
        ((low, high),) = _joined([(half + e, half + 2 * e), (half, half + e)])
        assert (low, high) == (half, half + 2 * e)
