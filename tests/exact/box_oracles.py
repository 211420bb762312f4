"""Slacks of the claims on boxes in 50-digit arithmetic, claims that are false, and boxes to compare them on."""

import numpy as np
from flint import arb, fmpq

from tests.oracles import high_precision as high
from w2s_theory.exact.box_certificate import box_precision
from w2s_theory.exact.box_curves import sharp_curve
from w2s_theory.exact.box_geometry import Box
from w2s_theory.exact.box_slack import box_claims, log_ratio_claim, total_variation_claim

mp = high.mp
FLOOR = fmpq(1, 1024)


def divergence(p, q):
    return high.kl_divergence((p, 1 - p), (q, 1 - q))


def log_ratio_slack(p, q, *, both, scale=1.0):
    rows = ((p, 1 - p), (q, 1 - q)) if both else ((p,), (q,))
    return mp.sqrt(scale * divergence(p, q)) * high.log_ratio_constant(1 / 1024) - high.max_log_ratio(*rows)


def envelope_slack(p, q, floor=1 / 1024):
    bound = high.uniform_envelope_upper if p > q else high.uniform_envelope_lower
    return bound(divergence(p, q), floor, 2) - high.log_ratio(p, q, magnitude=True) if p != q else mp.zero


def sharp_tv_at(d):
    """V*(d): the parameter t has t²/2 ≥ K(t) = d."""
    low = high_t = mp.sqrt(2 * d)
    while high.sharp_pinsker_point(high_t)[1] <= d:
        high_t *= 2
    t = mp.findroot(
        lambda t: high.sharp_pinsker_point(t)[1] - d, (low, high_t), solver="anderson", tol=mp.mpf(10) ** -70
    )
    return high.sharp_pinsker_point(t)[0]


def hellinger(p, q):
    return high.squared_hellinger((p, 1 - p), (q, 1 - q))


def tv(p, q):
    return abs(mp.mpf(p) - mp.mpf(q))


def pinsker(p, q):
    return mp.sqrt(divergence(p, q) / 2)


def bretagnolle_huber(p, q):
    return mp.sqrt(-mp.expm1(-divergence(p, q)))


def sharp_pinsker(p, q):
    return sharp_tv_at(divergence(p, q)) if p != q else mp.zero


SLACKS = {
    "pinsker": lambda p, q: pinsker(p, q) - tv(p, q),
    "bretagnolle-huber": lambda p, q: bretagnolle_huber(p, q) - tv(p, q),
    "sharp-pinsker": lambda p, q: sharp_pinsker(p, q) - tv(p, q),
    "floored-log-ratio": lambda p, q: log_ratio_slack(p, q, both=True),
    "hellinger-tv-lower": lambda p, q: tv(p, q) - hellinger(p, q),
    "hellinger-tv-upper": lambda p, q: mp.sqrt(hellinger(p, q) * (2 - hellinger(p, q))) - tv(p, q),
    "generalization-forward": lambda p, q: log_ratio_slack(p, q, both=False),
    "generalization-uniform-envelope": envelope_slack,
}


def scaled(identifier, bound, factor):
    return lambda: total_variation_claim(identifier, lambda d: arb(factor) * bound(d))


def log_ratio(identifier, *, both):
    return lambda: log_ratio_claim(identifier, FLOOR, both_classes=both, scale=fmpq(7, 8))


FALSE = {
    "pinsker": (scaled("pinsker", lambda d: (d / 2).sqrt(), 0.95), lambda p, q: 0.95 * pinsker(p, q) - tv(p, q)),
    "bretagnolle-huber": (
        scaled("bretagnolle-huber", lambda d: (1 - (-d).exp()).sqrt(), 0.95),
        lambda p, q: 0.95 * bretagnolle_huber(p, q) - tv(p, q),
    ),
    "sharp-pinsker": (
        scaled("sharp-pinsker", sharp_curve().along, 0.999),
        lambda p, q: 0.999 * sharp_pinsker(p, q) - tv(p, q),
    ),
    "floored-log-ratio": (
        log_ratio("floored-log-ratio", both=True),
        lambda p, q: log_ratio_slack(p, q, both=True, scale=0.875),
    ),
    "generalization-forward": (
        log_ratio("generalization-forward", both=False),
        lambda p, q: log_ratio_slack(p, q, both=False, scale=0.875),
    ),
    "generalization-uniform-envelope": (
        lambda: box_claims(2 * FLOOR)["generalization-uniform-envelope"],
        lambda p, q: envelope_slack(p, q, 2 / 1024),
    ),
}
"""Claims too sharp by a factor, or with a larger floor than the scores keep: the claim, and its slack."""


def sharp_point(t):
    """(p, q) on the sharp curve, as floats."""
    mean = mp.coth(t) - 1 / mp.mpf(t)
    q = (1 - mean) / 2
    return float(q + t * (1 - mean**2) / 2), float(q)


def dyadic(x):
    """A float with 50 binary places, so that 1 - x is exact, within the floor."""
    return float(np.clip(np.round(float(x) * 2.0**50) / 2.0**50, 1 / 1024, 1023 / 1024))


def exact_box(*ends):
    """The box with these ends p_low, p_high, q_low, q_high, made dyadic."""
    return Box(*(fmpq(*dyadic(end).as_integer_ratio()) for end in ends))


def around(p, q, size, rng):
    """A random box that holds (p, q), about `size` wide in log-odds."""
    p_size, q_size = size * p * (1 - p), size * q * (1 - q)
    a, b = rng.uniform(size=2)
    return exact_box(p - a * p_size, p + (1 - a) * p_size, q - b * q_size, q + (1 - b) * q_size)


def random_boxes(rng, count):
    """Boxes of all sizes: anywhere, on the diagonal, the sharp curve, the antidiagonal, and the floor."""
    for number in range(count):
        p, q = 1 / (1 + np.exp(-rng.uniform(-6.9, 6.9, size=2)))
        on_curve = sharp_point(np.exp(rng.uniform(-4, 1.5)))
        mirrored = tuple(1 - x for x in on_curve)
        centre = [
            (p, q),
            (p, p),
            on_curve,
            mirrored,
            (p, 1 - p),
            (p, 1 / 1024),
            (1 / 1024, q),
            (1.01 / 1024, 1.01 / 1024),
        ][number % 8]
        yield around(*centre, 10 ** rng.uniform(-4, 0.5), rng)


def points(box, rng, count):
    """The corners of a box and random points, as floats."""
    p_low, p_high, q_low, q_high = map(float, (box.p_low, box.p_high, box.q_low, box.q_high))
    yield from ((p, q) for p in (p_low, p_high) for q in (q_low, q_high))
    for _ in range(count):
        yield dyadic(rng.uniform(p_low, p_high)), dyadic(rng.uniform(q_low, q_high))


def exactly(ball):
    with box_precision():
        value = ball.lower().fmpq()
    return mp.mpf(int(value.p)) / int(value.q)
