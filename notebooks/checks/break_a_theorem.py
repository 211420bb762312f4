"""Checks of 08_break_a_theorem."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from flint import fmpq

from checks.frame import Check, UnreadableError, accepted, choice, exercise, hint
from w2s_theory import exact
from w2s_theory.api import as_instance, evaluate
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Cite, Claim, Leq, Status, claim
from w2s_theory.functionals.divergences import squared_hellinger
from w2s_theory.functionals.risks import disagreement, risk
from w2s_theory.instance import Instance
from w2s_theory.measures import expectation
from w2s_theory.verdict import Verdict
from w2s_theory.worlds.tables import FlooredTables

_WORLDS = (FlooredTables(1, 2), FlooredTables(3, 3))
_FAR, _TIGHT = 0.1, 0.999
_REFUTED = "calibration-score-conditional"


@claim(cite=Cite("w2stheory"), status=Status.open, worlds=_WORLDS)
def _root_triangle(i: Instance) -> Leq:
    r"""$\sqrt{L(F_{sw})}\le\sqrt{L(F_w)}+\sqrt{d_P(F_w,F_{sw})}$."""
    ends = risk(i.weights, i.truth, i.strong), risk(i.weights, i.truth, i.weak)
    return Leq(
        jnp.sqrt(ends[0]), jnp.sqrt(ends[1]) + jnp.sqrt(disagreement(i.weights, i.weak, i.strong))
    )


@claim(cite=Cite("lecam1986asymptotic"), status=Status.open, worlds=_WORLDS)
def _hellinger_triangle(i: Instance) -> Leq:
    r"""$\sqrt{\mathbb E H^2(F^*,F_{sw})}\le\sqrt{\mathbb E H^2(F^*,F_w)}+\sqrt{\mathbb E H^2(F_w,F_{sw})}$."""
    pairs = (i.truth, i.strong), (i.truth, i.weak), (i.weak, i.strong)
    left, first, second = (
        jnp.sqrt(expectation(i.weights, squared_hellinger(*pair))) for pair in pairs
    )
    return Leq(left, first + second)


def _instance(answer: Any) -> Instance:
    if not isinstance(answer, Mapping):
        raise UnreadableError(
            "The answer should be an instance: a dictionary with weights, truth, weak and strong"
        )
    return as_instance(answer)


@exercise
def exercise_1(answer: Mapping[str, Any]) -> Check:
    """An instance on which the roots of KL divergences break the triangle inequality."""
    found = evaluate(_root_triangle, _instance(answer))
    if found.slack is None:
        return hint(
            "A side is infinite there, so there is nothing to compare. Keep the student's entries positive."
        )
    if found.slack <= -_FAR:
        return accepted(
            f"{found.lhs:.3f} on the left, {found.rhs:.3f} on the right: violated by {-found.slack:.3f}."
        )
    if found.verdict is Verdict.violated:
        return hint(
            f"Violated, by {-found.slack:.3g} only. Make the student much surer of what the truth excludes."
        )
    return hint(
        f"The slack is {found.slack:.3g}: it holds there. Try a one-hot truth, and a teacher between truth and student."
    )


@exercise
def exercise_2(answer: Claim) -> Check:
    """A claim of one's own: the triangle inequality of the Hellinger distance."""
    if not isinstance(answer, Claim):
        raise UnreadableError(
            "The answer should be a claim: the name of a function under `@claim(...)`, and not a call of it"
        )
    if answer.id in CATALOGUE:
        return hint(f"{answer.id} is a name of the catalogue. Give your own claim another.")
    if not answer.statement:
        return hint(
            "Its docstring is empty, and that is the statement. Write the inequality there."
        )
    rng = np.random.default_rng(8)
    for _ in range(3):
        tables = rng.dirichlet(np.ones(3), size=(3, 4))
        keys = dict(zip(("truth", "weak", "strong"), tables, strict=True))
        instance = {"weights": np.full(4, 0.25), **keys}
        mine, right = evaluate(answer, instance), evaluate(_hellinger_triangle, instance)
        sides = [(name, getattr(mine, name), getattr(right, name)) for name in ("lhs", "rhs")]
        for name, given, wanted in sides:
            if given is None or abs(given - wanted) > 1e-9:
                said = (
                    "is not finite"
                    if given is None
                    else f"is {given:.4f} where it should be {wanted:.4f}"
                )
                return hint(
                    f"On a random instance your {name} {said}. Is it the root of the *mean* square, and are the three "
                    "pairs right?"
                )
    return accepted(
        "Both sides are right. Now try to break it: `w2s.verify`, `smallest_violation`, `w2s.falsify`."
    )


@exercise
def exercise_3(answer: Mapping[str, Any]) -> Check:
    """An instance that breaks every sharper version of Pinsker's inequality."""
    found = evaluate("pinsker", _instance(answer))
    if found.tightness is None:
        return hint(
            "Both sides are zero there, or too near to it for rounding, so no factor can be read off."
        )
    if found.tightness >= _TIGHT:
        return accepted(
            f"The left side is {found.tightness:.5f} of the right one: no smaller factor can stand in front of the "
            "bound."
        )
    return hint(
        f"The left side is {found.tightness:.4f} of the right one there. Is the bound closer for rows far apart, or "
        "close together? Near a corner, or in the middle?"
    )


@exercise
def exercise_4(answer: Mapping[str, Any]) -> Check:
    """A certified counterexample to the calibration claim, violated by nearly one."""
    if not isinstance(answer, Mapping):
        raise UnreadableError(
            "The answer should be an instance: a dictionary with fractions as strings"
        )
    try:
        sides = exact.enclose(_REFUTED, None, "1", {"kind": "simplex", **answer})
    except exact.CertificateError as problem:
        return hint(f"The verifier cannot use it: {problem}.")
    shown = float(sides.strain.lower())
    if sides.strain >= fmpq(99, 100):
        return accepted(f"Certified: the left side exceeds the right one by at least {shown:.4f}.")
    if sides.certified:
        return hint(
            f"Certified to be violated by {shown:.3f}, but not by 99/100. What keeps the two sides together?"
        )
    return hint(f"lhs − rhs is only known to be at least {shown:.3f}, which refutes nothing.")


_SITUATIONS: Mapping[str, str] = {
    "a sweep of a million instances shows no violation": "evidence",
    "falsify reports a violation that is not certified": "candidate",
    "the verifier accepts a certificate of a violation": "refuted",
    "certify accepts a box of two-class instances": "proved on the box",
}
WORDS = ("evidence", "candidate", "refuted", "proved on the box", "proved")


@exercise
def exercise_5(answer: Mapping[str, str]) -> Check:
    """What may be said of a claim, and after what?"""
    if not isinstance(answer, Mapping) or set(answer) != set(_SITUATIONS):
        raise UnreadableError("The answer should be a dictionary with the four situations as keys")
    for situation, right in _SITUATIONS.items():
        if choice(answer[situation], WORDS) != right:
            return hint(
                f"If {situation}: what exactly was done, on which instances, and by whom was it checked?"
            )
    return accepted(
        "Each word says what was done and no more. 'Proved', without a box, takes a proof."
    )
